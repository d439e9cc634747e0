import { Template } from '@huggingface/jinja';
import { describe, expect, it } from 'vitest';
import { familyByName } from '../../../src/models/families/index.ts';

/** How templates of the models themselves begin a turn, by their own lines, and what comes of the family's switch. */
const beginnings: ReadonlyArray<[model: string, family: string, template: string, on: string, off: string]> = [
  [
    'Qwen3',
    'qwen3',
    "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}",
    '',
    '<think>\n\n</think>\n\n',
  ],
  [
    'GLM-4.6',
    'think-tags',
    "<|assistant|>{{- '\\n<think></think>' if (enable_thinking is defined and not enable_thinking) else '' -}}",
    '<|assistant|>',
    '<|assistant|>\n<think></think>',
  ],
  [
    'GLM-4.7',
    'think-tags',
    "<|assistant|>{{- '</think>' if (enable_thinking is defined and not enable_thinking) else '<think>' -}}",
    '<|assistant|><think>',
    '<|assistant|></think>',
  ],
  [
    'MiniCPM5',
    'think-tags',
    "{%- if enable_thinking is defined %}{%- if enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- elif enable_thinking is true %}{{- '<think>\\n' }}{%- endif %}{%- endif %}",
    '<think>\n',
    '<think>\n\n</think>\n\n',
  ],
  [
    'DeepSeek-V3.1',
    'deepseek-r1-distill',
    "{{'<｜Assistant｜>'}}{%- if not thinking -%}{{'<think></think>'}}{%- else -%}{{'<think>'}}{%- endif -%}",
    '<｜Assistant｜><think>',
    '<｜Assistant｜><think></think>',
  ],
  [
    'Gemma 4',
    'gemma4',
    "{{- '<|turn>model\\n' -}}{%- if not enable_thinking | default(false) -%}{{- '<|channel>thought\\n<channel|>' -}}{%- endif -%}",
    '<|turn>model\n',
    '<|turn>model\n<|channel>thought\n<channel|>',
  ],
  [
    'Seed-OSS',
    'seed-oss',
    '{%- if thinking_budget == 0 %}{{ "<seed:think>\\n</seed:think>" }}{%- endif %}',
    '',
    '<seed:think>\n</seed:think>',
  ],
  [
    'gpt-oss',
    'gpt-oss',
    '{%- if reasoning_effort is not defined %}{%- set reasoning_effort = "medium" %}{%- endif %}{{- "Reasoning: " + reasoning_effort }}',
    'Reasoning: medium',
    'Reasoning: low',
  ],
  ['MiniMax-M2', 'think-tags', "{{- ']~b]ai' ~ '\\n<think>\\n' }}", ']~b]ai\n<think>\n', ']~b]ai\n<think>\n'],
];

describe('the switch of a family', () => {
  it.each(beginnings)('turns the thinking of %s on and off', (_model, name, template, on, off) => {
    const { templateArguments } = familyByName(name) ?? {};
    const begun = new Template(template);
    expect(begun.render({ ...templateArguments?.on })).toBe(on);
    expect(begun.render({ ...templateArguments?.off })).toBe(off);
  });
});
