import type { ModelFamily } from './family.ts';

const names = /thinkfirst/i;

/** The embedded model: its sentences are the very strings that it was fitted on. */
export const thinkfirst: ModelFamily = {
  name: 'thinkfirst',
  source: 'models/thinkfirst-135m/README.md',
  // Templates of other models with these tags have a place for the thought.
  matches: ({ modelType, id, chatTemplate }) =>
    (modelType === 'llama' || (modelType === '' && names.test(id))) &&
    chatTemplate.includes('<|im_start|>') &&
    chatTemplate.includes('enable_thinking') &&
    !chatTemplate.includes('reasoning_content'),
  names,
  tags: { open: '<think>', close: '</think>' },
  thoughtInText: true,
  templateArguments: { on: { enable_thinking: true }, off: { enable_thinking: false } },
  promptSuffix: { on: '<think>\n', off: '<think>\n\n</think>\n\n' },
  afterThought: '\n\n',
  expectsValues: true,
  handOver: '\nI have thought long enough and answer with what I have.\n',
  continuation: '\nWait, I check that again.\n',
  correction: 'Wait, {{wrong}} is wrong. I do that step again.\n',
  stopTokens: ['<|im_end|>', '<|endoftext|>'],
  toolCallTags: { open: '<tool_call>', close: '</tool_call>' },
  sampling: { thinking: { temperature: 0.6, topP: 0.95 }, fast: { temperature: 0.6, topP: 0.95 } },
};
