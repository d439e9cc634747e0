import type { ModelFamily } from './family.ts';

/** ServiceNow's Apriel Thinkers: they always think, after a line of their own and up to a marker, which servers may leave in. */
export const apriel: ModelFamily = {
  name: 'apriel',
  source: 'https://huggingface.co/ServiceNow-AI/Apriel-1.6-15b-Thinker (chat template; 1.5 has an end marker as well)',
  matches: ({ chatTemplate }) => chatTemplate.includes('[BEGIN FINAL RESPONSE]'),
  names: /apriel.*thinker/i,
  tags: { open: 'Here are my reasoning steps:', close: '[BEGIN FINAL RESPONSE]' },
  serverOnly: true,
  answerEnds: ['[END FINAL RESPONSE]'],
  templateArguments: { on: {}, off: {} },
  promptSuffix: {
    on: 'Here are my reasoning steps:\n',
    off: 'Here are my reasoning steps:\n[BEGIN FINAL RESPONSE]\n',
  },
  afterThought: '\n',
  handOver: '\n\nI have to give the final answer now, based on the thinking so far.\n',
  continuation: '\nWait,',
  correction: 'Wait, {{wrong}} is wrong. Let me do that step again.\n',
  stopTokens: ['<|end|>'],
  sampling: { thinking: { temperature: 0.6 }, fast: { temperature: 0.6 } },
};
