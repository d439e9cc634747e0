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
  thinkInstruction:
    'First think step by step, in plain text. When you are done, begin a new line with "Final answer:" and give your whole answer to the user after it: the user sees nothing of what stands before it.',
  answerMarker: 'Final answer:',
  stopTokens: ['<|im_end|>', '<|eot_id|>', '<end_of_turn>', '<|end|>', '<|endoftext|>', '</s>'],
  sampling: { thinking: { temperature: 0.7, topP: 0.95 }, fast: { temperature: 0.7, topP: 0.95 } },
};
