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
