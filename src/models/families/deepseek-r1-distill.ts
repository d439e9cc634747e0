import type { ModelFamily } from './family.ts';

/** The dense models distilled from DeepSeek-R1. An empty thought is how they are made to answer at once. */
export const deepseekR1Distill: ModelFamily = {
  name: 'deepseek-r1-distill',
  source: 'https://huggingface.co/deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B (usage recommendations)',
  matches: ({ chatTemplate }) => chatTemplate.includes('<｜Assistant｜>'),
  tags: { open: '<think>', close: '</think>' },
  templateArguments: { on: {}, off: {} },
  promptSuffix: { on: '<think>\n', off: '<think>\n\n</think>\n\n' },
  afterThought: '\n\n',
  handOver: '\n\nI have to give the final answer now, based on the thinking so far.\n',
  continuation: '\nWait,',
  correction: 'Wait, {{wrong}} is wrong. Let me do that step again.\n',
  stopTokens: ['<｜end▁of▁sentence｜>'],
  sampling: { thinking: { temperature: 0.6, topP: 0.95 }, fast: { temperature: 0.6, topP: 0.95 } },
};
