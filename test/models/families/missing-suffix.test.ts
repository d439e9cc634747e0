import { describe, expect, it } from 'vitest';
import { familyByName } from '../../../src/models/families/index.ts';
import { missingSuffix } from '../../../src/models/families/missing-suffix.ts';

/** Ends of prompts as the models' own templates render them, and what a prompt with thoughts, and without, lacks. */
const prompts: ReadonlyArray<[model: string, family: string, rendered: string, on: string, off: string]> = [
  ['Qwen3', 'qwen3', 'assistant\n', '<think>\n', '<think>\n\n</think>\n\n'],
  ['Qwen3.5', 'qwen3', 'assistant\n<think>\n', '', '\n</think>\n\n'],
  ['GLM-4.6', 'think-tags', '<|assistant|>', '<think>\n', '<think>\n\n</think>\n\n'],
  ['GLM-4.7', 'think-tags', '<|assistant|><think>', '', '\n\n</think>\n\n'],
  ['MiniMax-M2', 'think-tags', ']~b]ai\n<think>\n', '', '\n</think>\n\n'],
  ['DeepSeek-R1', 'deepseek-r1-distill', '<｜Assistant｜><think>\n', '', '\n</think>\n\n'],
  ['Ministral', 'mistral-reasoning', '[/INST]', '[THINK]', '[THINK][/THINK]'],
  ['gpt-oss', 'gpt-oss', '<|start|>assistant', '<|channel|>analysis<|message|>', '<|channel|>final<|message|>'],
  ['Gemma 4', 'gemma4', '<|turn>model\n', '<|channel>thought\n', '<|channel>thought\n<channel|>'],
  ['Apriel', 'apriel', '<|begin_assistant|>\nHere are my reasoning steps:\n', '', '[BEGIN FINAL RESPONSE]\n'],
  ['the tokens of a server', 'think-tags', 'assistantĊ<think>Ċ', '', '\n</think>\n\n'],
  ['a plain model', 'plain', 'assistant\n', '', ''],
];

/** As they are rendered where the template is told not to think: nothing is lacking. */
const switchedOff: ReadonlyArray<[model: string, family: string, rendered: string]> = [
  ['Qwen3', 'qwen3', 'assistant\n<think>\n\n</think>\n\n'],
  ['GLM-4.6', 'think-tags', '<|assistant|>\n<think></think>'],
  ['GLM-4.7', 'think-tags', '<|assistant|></think>'],
  ['SmolLM3', 'think-tags', 'assistant\n<think>\n\n</think>\n'],
  ['DeepSeek-V3.1', 'deepseek-r1-distill', '<｜Assistant｜><think></think>'],
  ['Seed-OSS', 'seed-oss', 'so I will directly start answering the question.</seed:cot_budget_reflect>\n</seed:think>'],
  ['Gemma 4', 'gemma4', '<|turn>model\n<|channel>thought\n<channel|>'],
];

const familyNamed = (name: string) => {
  const family = familyByName(name);
  if (family === undefined) throw new Error(name);
  return family;
};

describe('missingSuffix', () => {
  it.each(prompts)('opens the thought of %s, or closes an empty one', (_model, name, rendered, on, off) => {
    const family = familyNamed(name);
    expect(missingSuffix(rendered, family, { thinking: true })).toBe(on);
    expect(missingSuffix(rendered, family, { thinking: false })).toBe(off);
  });

  it.each(switchedOff)('adds nothing to what %s renders without thinking', (_model, name, rendered) => {
    expect(missingSuffix(rendered, familyNamed(name), { thinking: false })).toBe('');
  });
});
