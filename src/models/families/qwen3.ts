import type { ModelFamily } from './family.ts';

/** Not its releases that answer at once. */
const names = /^(?!.*(?:deepseek|instruct|coder|embedding|reranker|guard|asr|tts)).*qwen-?3/i;

/** Qwen3 in its hybrid form; the thinking-only releases open the tag in their template, which comes to the same. */
export const qwen3: ModelFamily = {
  name: 'qwen3',
  source: 'https://qwen.readthedocs.io/en/latest/getting_started/quickstart.html (thinking budget, sampling)',
  matches: ({ modelType, id, chatTemplate }) =>
    (modelType.startsWith('qwen3') || (modelType === '' && names.test(id))) && chatTemplate.includes('<think>'),
  names,
  tags: { open: '<think>', close: '</think>' },
  templateArguments: { on: { enable_thinking: true }, off: { enable_thinking: false } },
  promptSuffix: { on: '<think>\n', off: '<think>\n\n</think>\n\n' },
  afterThought: '\n\n',
  handOver:
    '\n\nConsidering the limited time by the user, I have to give the solution based on the thinking directly now.\n',
  continuation: '\nWait,',
  correction: 'Wait, {{wrong}} is wrong. Let me do that step again.\n',
  stopTokens: ['<|im_end|>', '<|endoftext|>'],
  toolCallTags: { open: '<tool_call>', close: '</tool_call>' },
  sampling: {
    thinking: { temperature: 0.6, topP: 0.95, topK: 20, minP: 0 },
    fast: { temperature: 0.7, topP: 0.8, topK: 20, minP: 0 },
  },
};
