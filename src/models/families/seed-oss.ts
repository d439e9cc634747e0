import type { ModelFamily } from './family.ts';

/** ByteDance's Seed-OSS. Its template takes a thinking budget; none at all is how it answers at once. */
export const seedOss: ModelFamily = {
  name: 'seed-oss',
  source: 'https://huggingface.co/ByteDance-Seed/Seed-OSS-36B-Instruct (thinking budget, chat template)',
  matches: ({ chatTemplate }) => chatTemplate.includes('<seed:think>'),
  names: /seed.?oss/i,
  tags: { open: '<seed:think>', close: '</seed:think>' },
  templateArguments: { on: {}, off: { thinking_budget: 0 } },
  promptSuffix: {
    on: '<seed:think>',
    off: '<seed:think>\n<seed:cot_budget_reflect>The current thinking budget is 0, so I will directly start answering the question.</seed:cot_budget_reflect>\n</seed:think>',
  },
  afterThought: '\n',
  handOver: '\n\nI have to give the final answer now, based on the thinking so far.\n',
  continuation: '\nWait,',
  correction: 'Wait, {{wrong}} is wrong. Let me do that step again.\n',
  stopTokens: ['<seed:eos>'],
  sampling: { thinking: { temperature: 1.1, topP: 0.95 }, fast: { temperature: 1.1, topP: 0.95 } },
};
