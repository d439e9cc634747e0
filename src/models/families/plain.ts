import type { ModelFamily } from './family.ts';

/** Any instruction-tuned chat model without think tags: it is asked to think aloud, up to a marker (arXiv 2205.11916). */
export const plain: ModelFamily = {
  name: 'plain',
  source: 'https://arxiv.org/abs/2205.11916',
  matches: () => true,
  templateArguments: { on: {}, off: {} },
  promptSuffix: { on: '', off: '' },
  afterThought: '',
  handOver: '\n\nI have thought long enough and answer with what I have.\n\n',
  continuation: '\nWait,',
  correction: 'Wait, {{wrong}} is wrong. Let me do that step again.\n',
  // "First think …. When you are done, begin a new line with …" made Qwen2.5-Coder-0.5B begin with the marker in 28 of 100 answers.
  thinkInstruction:
    'Before you answer, think step by step and write your reasoning down. Then begin a new line with "Final answer:" and write your whole answer to the user after it.',
  answerMarker: 'Final answer:',
  stopTokens: ['<|im_end|>', '<|eot_id|>', '<end_of_turn>', '<|end|>', '<|endoftext|>', '</s>'],
  sampling: { thinking: { temperature: 0.7, topP: 0.95 }, fast: { temperature: 0.7, topP: 0.95 } },
};
