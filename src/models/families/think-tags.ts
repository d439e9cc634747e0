import type { ModelFamily } from './family.ts';

/** Not those whose thoughts have other tags, or whose answers have tags as well. */
const names = new RegExp(
  `^(?!.*(?:non?-?think|instruct-2507|longcat|kimi-vl|hunyuan|granite|apriel|minimax-m3)).*(?:${[
    'qwq',
    String.raw`glm-?(?:4\.[5-9]|5|z1)`,
    String.raw`kimi-k2\.\d`,
    'minimax-m[12]',
    'smollm-?3',
    'nemotron-?(?:nano|3|super|ultra)',
    'mimo-(?:vl|v2|7b-rl)',
    String.raw`lfm2\.5-8b-a1b`,
    String.raw`ring-(?:mini|flash|lite|\d)`,
    'ling-3',
    String.raw`step-?3\.5`,
    String.raw`minicpm(?:4\.1|5)`,
    'exaone-?4',
    'hermes-?4',
    'cogito',
    'magistral.*2506',
    String.raw`bielik.*v3\.`,
    'laguna',
    'openthinker-?[23]',
    'smallthinker(?!.*instruct)',
    'deepscaler',
    'deepcoder',
    'openreasoning',
    'falcon-?h1r',
    'skywork-?or1',
    'vibethinker',
    '(?:^|[^a-z])(?:think|thinking|thinker|reasoning|reasoner|r1)(?:[^a-z]|$)',
  ].join('|')})`,
  'i',
);

/**
 * Every other model whose template has think tags (GLM, Kimi, MiniMax, Nemotron, SmolLM3, QwQ, …). Templates pass over
 * arguments that they don't know, so both spellings of the switch are sent; those without one are made to answer at once by
 * an empty thought.
 */
export const thinkTags: ModelFamily = {
  name: 'think-tags',
  source: 'https://github.com/ggml-org/llama.cpp/tree/master/models/templates',
  // The closing tag alone is in templates that only drop thoughts. Granite 3.3 has tags around its answer as well.
  matches: ({ id, chatTemplate }) =>
    (chatTemplate.includes('<think>') || (chatTemplate.includes('</think>') && names.test(id))) &&
    !chatTemplate.includes('your response between <response>') &&
    !/instruct-2507/i.test(id),
  names,
  tags: { open: '<think>', close: '</think>' },
  templateArguments: {
    on: { enable_thinking: true, thinking: true },
    off: { enable_thinking: false, thinking: false },
  },
  promptSuffix: { on: '<think>\n', off: '<think>\n\n</think>\n\n' },
  afterThought: '\n\n',
  handOver: '\n\nI have to give the final answer now, based on the thinking so far.\n',
  continuation: '\nWait,',
  correction: 'Wait, {{wrong}} is wrong. Let me do that step again.\n',
  stopTokens: [
    '<|im_end|>',
    '<|endoftext|>',
    '<|eot_id|>',
    '<|end|>',
    '<|end_of_text|>',
    '</s>',
    '<|user|>',
    '<|observation|>',
    '[e~[',
  ],
  toolCallTags: { open: '<tool_call>', close: '</tool_call>' },
  sampling: { thinking: { temperature: 0.6, topP: 0.95 }, fast: { temperature: 0.7, topP: 0.95 } },
};
