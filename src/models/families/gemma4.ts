import type { ModelFamily } from './family.ts';

/** Gemma 4: a thought is a channel, whose name is its first line. */
export const gemma4: ModelFamily = {
  name: 'gemma4',
  source: 'https://ai.google.dev/gemma/docs/capabilities/thinking',
  matches: ({ chatTemplate }) => chatTemplate.includes('<|channel>thought'),
  names: /gemma-?4/i,
  tags: { open: '<|channel>', close: '<channel|>' },
  templateArguments: { on: { enable_thinking: true }, off: { enable_thinking: false } },
  promptSuffix: { on: '<|channel>thought\n', off: '<|channel>thought\n<channel|>' },
  afterThought: '',
  handOver: '\n\nI have to give the final answer now, based on the thinking so far.\n',
  continuation: '\nWait,',
  correction: 'Wait, {{wrong}} is wrong. Let me do that step again.\n',
  stopTokens: ['<turn|>', '<eos>'],
  sampling: { thinking: { temperature: 1, topP: 0.95, topK: 64 }, fast: { temperature: 1, topP: 0.95, topK: 64 } },
};
