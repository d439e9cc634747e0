import type { ModelFamily } from './family.ts';

/**
 * DeepSeek-R1 and its dense distillations, which an empty thought makes answer at once, and the later models of that template,
 * which have a switch.
 */
export const deepseekR1Distill: ModelFamily = {
  name: 'deepseek-r1-distill',
  source: 'https://huggingface.co/deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B (usage recommendations)',
  // DeepSeek-V3 and older have that turn, and no thoughts.
  matches: ({ chatTemplate }) => chatTemplate.includes('<｜Assistant｜>') && chatTemplate.includes('think>'),
  names: /deepseek.?(?:r1|v3\.[1-9]|v[4-9]|reasoner)|r1-1776/i,
  tags: { open: '<think>', close: '</think>' },
  templateArguments: {
    on: { thinking: true, enable_thinking: true },
    off: { thinking: false, enable_thinking: false },
  },
  promptSuffix: { on: '<think>\n', off: '<think>\n\n</think>\n\n' },
  afterThought: '\n\n',
  handOver: '\n\nI have to give the final answer now, based on the thinking so far.\n',
  continuation: '\nWait,',
  correction: 'Wait, {{wrong}} is wrong. Let me do that step again.\n',
  stopTokens: ['<｜end▁of▁sentence｜>'],
  sampling: { thinking: { temperature: 0.6, topP: 0.95 }, fast: { temperature: 0.6, topP: 0.95 } },
};
