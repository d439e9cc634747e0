import type { ModelFamily } from './family.ts';

/** Magistral (from 2507 on) and the reasoning releases of Ministral: they think where their system turn asks for it. */
export const mistralReasoning: ModelFamily = {
  name: 'mistral-reasoning',
  source: 'https://huggingface.co/mistralai/Ministral-3-14B-Reasoning-2512 (SYSTEM_PROMPT.txt, chat template)',
  matches: ({ chatTemplate }) => chatTemplate.includes('[THINK]'),
  names: /magistral(?!.*2506)|ministral.*reasoning/i,
  tags: { open: '[THINK]', close: '[/THINK]' },
  templateArguments: { on: {}, off: {} },
  promptSuffix: { on: '[THINK]', off: '[THINK][/THINK]' },
  afterThought: '',
  handOver: '\n\nI have to give the final answer now, based on the thinking so far.\n',
  continuation: '\nWait,',
  correction: 'Wait, {{wrong}} is wrong. Let me do that step again.\n',
  thinkInstruction:
    'First draft your thinking process (inner monologue) until you arrive at a response. Your thinking process must follow the template below:[THINK]Your thoughts or/and draft, like working through an exercise on scratch paper.[/THINK]Here, provide a self-contained response.',
  stopTokens: ['</s>'],
  sampling: { thinking: { temperature: 0.7, topP: 0.95 }, fast: { temperature: 0.7, topP: 0.95 } },
};
