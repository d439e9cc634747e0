import type { ModelFamily } from './family.ts';

/**
 * OpenAI's open-weight models. A thought is a message of its own, in the channel "analysis", and the answer one in "final";
 * servers take both apart. It always thinks, by its effort; an answer whose channel is opened for it has no thought.
 */
export const gptOss: ModelFamily = {
  name: 'gpt-oss',
  source: 'https://cookbook.openai.com/articles/openai-harmony',
  matches: ({ chatTemplate }) => chatTemplate.includes('<|channel|>analysis'),
  names: /gpt.?oss/i,
  tags: {
    open: '<|channel|>analysis<|message|>',
    close: '<|end|><|start|>assistant<|channel|>final<|message|>',
  },
  serverOnly: true,
  templateArguments: { on: {}, off: { reasoning_effort: 'low' } },
  promptSuffix: { on: '<|channel|>analysis<|message|>', off: '<|channel|>final<|message|>' },
  afterThought: '',
  handOver: '\n\nI have to give the final answer now, based on the thinking so far.\n',
  continuation: '\nWait,',
  correction: 'Wait, {{wrong}} is wrong. Let me do that step again.\n',
  stopTokens: ['<|return|>', '<|call|>'],
  sampling: { thinking: { temperature: 1, topP: 1 }, fast: { temperature: 1, topP: 1 } },
};
