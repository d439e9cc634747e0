import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { families, familyByName, familyOf } from '../../../src/models/families/index.ts';

const tokenizerConfig = JSON.parse(readFileSync('models/thinkfirst-135m/tokenizer_config.json', 'utf8'));
const embedded: string = tokenizerConfig.chat_template;

describe('families', () => {
  it.each([
    ['thinkfirst', { modelType: 'llama', id: 'thinkfirst-135m', chatTemplate: embedded }],
    [
      'qwen3',
      { modelType: 'qwen3', id: 'Qwen3-0.6B', chatTemplate: "{%- if enable_thinking %}'<think>\\n\\n</think>'" },
    ],
    ['deepseek-r1-distill', { modelType: 'qwen2', id: 'r1', chatTemplate: "{{'<｜Assistant｜><think>\\n'}}" }],
    ['plain', { modelType: 'llama', id: 'SmolLM2-135M-Instruct', chatTemplate: "{{'<|im_start|>'}}" }],
    ['plain', { modelType: 'gpt2', id: 'gpt2', chatTemplate: '' }],
    // What decides in the templates of the models themselves.
    [
      'qwen3',
      { modelType: '', id: 'Qwen/Qwen3.5-4B', chatTemplate: "{{- '<|im_start|>assistant\\n' }}{{- '<think>\\n' }}" },
    ],
    ['thinkfirst', { modelType: '', id: 'thinkfirst', chatTemplate: embedded }],
    [
      'deepseek-r1-distill',
      {
        modelType: 'deepseek_v3',
        id: 'DeepSeek-V3.1',
        chatTemplate: "{{'<｜Assistant｜>'}}{%- if not thinking -%}{{'<think></think>'}}",
      },
    ],
    [
      'plain',
      {
        modelType: 'deepseek_v3',
        id: 'DeepSeek-V3',
        chatTemplate: "{{'<｜Assistant｜>' + content + '<｜end▁of▁sentence｜>'}}",
      },
    ],
    [
      'gpt-oss',
      {
        modelType: 'gpt_oss',
        id: 'gpt-oss-20b',
        chatTemplate: '{{- "<|start|>assistant<|channel|>analysis<|message|>" + message.thinking + "<|end|>" }}',
      },
    ],
    [
      'mistral-reasoning',
      {
        modelType: 'ministral3',
        id: 'Ministral-3-3B-Reasoning-2512',
        chatTemplate: "{{- '[THINK]' + block['thinking'] + '[/THINK]' }}",
      },
    ],
    ['plain', { modelType: 'mistral', id: 'Mistral-Nemo', chatTemplate: "{{- '[INST]' + content + '[/INST]' }}" }],
    [
      'seed-oss',
      { modelType: 'seed_oss', id: 'Seed-OSS-36B', chatTemplate: '{%- set think_begin_token = "<seed:think>" -%}' },
    ],
    ['gemma4', { modelType: 'gemma4', id: 'gemma-4-E2B-it', chatTemplate: "{{- '<|channel>thought\\n<channel|>' -}}" }],
    [
      'apriel',
      {
        modelType: 'mistral',
        id: 'Apriel',
        chatTemplate: "{%- set reasoning_asst_turn_start = 'Here are my reasoning steps:\\n' -%}[BEGIN FINAL RESPONSE]",
      },
    ],
    ['plain', { modelType: 'gemma2', id: 'gemma-2-2b-it', chatTemplate: "{{ '<start_of_turn>model\\n' }}" }],
    ['think-tags', { modelType: 'qwen2', id: 'QwQ-32B', chatTemplate: "{{- '<|im_start|>assistant\\n<think>\\n' }}" }],
    [
      'think-tags',
      {
        modelType: 'glm4_moe',
        id: 'GLM-4.6',
        chatTemplate: "{{- '\\n<think></think>' if (enable_thinking is defined and not enable_thinking) else '' -}}",
      },
    ],
    [
      'think-tags',
      {
        modelType: 'smollm3',
        id: 'SmolLM3-3B',
        chatTemplate:
          '{%- if enable_thinking is not defined -%}{{ "<|im_start|>assistant\\n<think>\\n\\n</think>\\n" }}',
      },
    ],
    // Llama by its shape, with a place for thoughts that the embedded model's template lacks.
    [
      'think-tags',
      {
        modelType: 'llama',
        id: 'MiniCPM5-1B',
        chatTemplate: '<|im_start|>{% if message.reasoning_content %}<think>{% if enable_thinking is true %}',
      },
    ],
    // Only thoughts of earlier turns are dropped by it: the name has to say that there are any.
    [
      'think-tags',
      {
        modelType: 'lfm2',
        id: 'LFM2.5-1.2B-Thinking',
        chatTemplate: '{%- set content = content.split("</think>")[-1] -%}',
      },
    ],
    [
      'plain',
      {
        modelType: 'lfm2',
        id: 'LFM2.5-1.2B-Instruct',
        chatTemplate: '{%- set content = content.split("</think>")[-1] -%}',
      },
    ],
    // Its answers have tags as well.
    [
      'plain',
      {
        modelType: 'granite',
        id: 'granite-3.3-2b-instruct',
        chatTemplate:
          'Write your thoughts between <think></think> and write your response between <response></response>',
      },
    ],
  ])('takes a model for %s by its template', (name, model) => {
    expect(familyOf(model).name).toBe(name);
    expect(familyByName(name)?.name).toBe(name);
  });

  it.each(families.map((family) => [family.name, family] as const))('%s can end a thought', (_name, family) => {
    expect(family.tags?.close ?? family.answerMarker).toBeTruthy();
    expect(family.handOver.endsWith('\n')).toBe(true);
    expect(family.correction).toContain('{{wrong}}');
    // A hand-over that holds the tag would close the thought twice.
    expect(family.handOver).not.toContain(family.tags?.close ?? family.answerMarker);
  });

  it('hands over with the sentence that the embedded model was fitted on', () => {
    const card = readFileSync('models/thinkfirst-135m/README.md', 'utf8');
    const family = familyByName('thinkfirst');
    const fed = `${family?.handOver}${family?.tags?.close}${family?.afterThought}`;
    expect(card).toContain(fed.replaceAll('\n', '\\n'));
  });
});
