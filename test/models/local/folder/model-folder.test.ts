import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chooseWeights } from '../../../../src/models/local/folder/model-files.ts';
import { loadModelFolder } from '../../../../src/models/local/folder/model-folder.ts';

const scratch = mkdtempSync(join(tmpdir(), 'model-folder-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A copy of the embedded model by links, with some files replaced (a string) or left out (null). */
function folderWith(name: string, changes: Record<string, string | null>): string {
  const path = join(scratch, name);
  mkdirSync(join(path, 'onnx'), { recursive: true });
  for (const file of [
    'config.json',
    'tokenizer.json',
    'tokenizer_config.json',
    'generation_config.json',
    'onnx/model_q4.onnx',
  ]) {
    const change = changes[file];
    if (change === undefined) symlinkSync(resolve('models/thinkfirst-135m', file), join(path, file));
    else if (change !== null) writeFileSync(join(path, file), change);
  }
  return path;
}

const templateOf = (template: string) => JSON.stringify({ eos_token: '<|im_end|>', chat_template: template });

describe('model folder', () => {
  it('reads the embedded model without its weights', async () => {
    const model = await loadModelFolder('models/thinkfirst-135m');
    expect(model).toMatchObject({ id: 'thinkfirst-135m', contextLength: 8192, vocabularySize: 49152 });
    expect(model.family.name).toBe('thinkfirst');
    expect(model.onnx()).toMatchObject({ dtype: 'q4', path: resolve('models/thinkfirst-135m/onnx/model_q4.onnx') });
    expect(model.tokens).toMatchObject({ open: 11, close: 12, toolCallOpen: 13, toolCallClose: 14 });
    expect([...model.tokens.end].sort()).toEqual([0, 2]);
  });

  it('draws tokens as its generation_config.json says, else as its family’s authors advise', async () => {
    const drawn = async (name: string, config: object | null) => {
      const file = config === null ? null : JSON.stringify(config);
      return (await loadModelFolder(folderWith(name, { 'generation_config.json': file }))).sampling;
    };
    const said = { do_sample: true, temperature: 0.7, top_p: 0.8, top_k: 20, min_p: 0.01, repetition_penalty: 1.1 };
    expect(await drawn('said', said)).toEqual({
      temperature: 0.7,
      topP: 0.8,
      topK: 20,
      minP: 0.01,
      repetitionPenalty: 1.1,
    });
    const advised = { temperature: 0.6, topP: 0.95 };
    expect(await drawn('greedy', { ...said, do_sample: false })).toEqual(advised);
    expect(await drawn('silent', null)).toEqual(advised);
  });

  it.each([
    ['a missing folder', () => './models/none', /there is no folder .*models\/none/],
    ['a typo within an existing folder', () => 'models/thinkfirst-136m', /there is no folder/],
    ['a missing file', () => folderWith('no-tokenizer', { 'tokenizer.json': null }), /tokenizer\.json is missing/],
    ['missing weights', () => folderWith('no-weights', { 'onnx/model_q4.onnx': null }), /no onnx\/model\*\.onnx/],
    ['a broken config', () => folderWith('broken', { 'config.json': '{' }), /config\.json can't be read/],
    ['a config of something else', () => folderWith('other', { 'config.json': '{"model_type":"bert"}' }), /vocab_size/],
    [
      'a model without a chat template',
      () => folderWith('base', { 'tokenizer_config.json': '{}' }),
      /no chat template/,
    ],
    [
      'a model that no folder can hold',
      () => folderWith('harmony', { 'tokenizer_config.json': templateOf('<|channel|>analysis') }),
      /family gpt-oss run only on a server/,
    ],
  ])('says in one line what is wrong with %s', async (_what, folder, message) => {
    const error = await loadModelFolder(folder()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'ServiceError', code: 'model_unavailable', retryable: false });
    expect(String(error)).toMatch(message);
    expect(String(error)).not.toContain('\n');
  });

  it.each([
    ['<think>', 'think-tags'],
    ['[THINK]', 'plain'],
  ])('takes a template with %s for %s, by what the tokenizer has as tokens', async (tag, family) => {
    const path = folderWith(`tag-${family}`, { 'tokenizer_config.json': templateOf(`<|im_start|>${tag}`) });
    expect((await loadModelFolder(path)).family.name).toBe(family);
  });

  it.each([
    [
      'JSON between tags that are tokens',
      '<tool_call>\\n{\\"name\\": <function-name>, \\"arguments\\": <args>}\\n</tool_call>',
      true,
    ],
    ['another form', '<tool_call>\\n<function=name>\\n</tool_call>', false],
    ['tags that are no tokens', '[TOOL_CALL]{\\"name\\": x, \\"arguments\\": y}[/TOOL_CALL]', false],
  ])('a model without thoughts calls tools where its template asks for %s', async (name, form, calls) => {
    const path = folderWith(`calls ${name}`, { 'tokenizer_config.json': templateOf(`<|im_start|>{{ "${form}" }}`) });
    const { family, tokens } = await loadModelFolder(path);
    expect({ name: family.name, calls: family.toolCallTags !== undefined }).toEqual({ name: 'plain', calls });
    expect(tokens.toolCallOpen !== undefined).toBe(calls);
  });

  it.each<[string, string[], unknown, ReturnType<typeof chooseWeights>]>([
    [
      'the best on a CPU',
      ['onnx/model_fp16.onnx', 'onnx/model.onnx', 'onnx/model_q8.onnx'],
      undefined,
      { dtype: 'q8', graph: 'onnx/model_q8.onnx', data: [] },
    ],
    [
      '8 bits under its other names',
      ['onnx/model_int8.onnx', 'onnx/model_quantized.onnx'],
      undefined,
      { dtype: 'q8', graph: 'onnx/model_quantized.onnx', data: [] },
    ],
    [
      'what config.json prefers',
      ['onnx/model.onnx', 'onnx/model_q4.onnx'],
      'fp32',
      { dtype: 'fp32', graph: 'onnx/model.onnx', data: [] },
    ],
    [
      'but not in 16 bits where there is another',
      ['onnx/model_q4f16.onnx', 'onnx/model.onnx'],
      'q4f16',
      { dtype: 'fp32', graph: 'onnx/model.onnx', data: [] },
    ],
    [
      '16 bits where there is no other',
      ['onnx/model_fp16.onnx'],
      undefined,
      { dtype: 'fp16', graph: 'onnx/model_fp16.onnx', data: [] },
    ],
    [
      'a graph beside config.json',
      ['config.json', 'model.onnx', 'model.onnx.data'],
      undefined,
      { dtype: 'fp32', graph: 'model.onnx', data: ['model.onnx.data'] },
    ],
    [
      'all files of its weights and no other graph’s',
      ['onnx/model.onnx', 'onnx/model.onnx_data', 'onnx/model.onnx_data_1', 'onnx/model_q4.onnx_data'],
      undefined,
      { dtype: 'fp32', graph: 'onnx/model.onnx', data: ['onnx/model.onnx_data', 'onnx/model.onnx_data_1'] },
    ],
    ['nothing of another layout', ['model.safetensors', 'onnx/decoder.onnx'], undefined, undefined],
  ])('takes %s', (_what, files, preferred, expected) => {
    expect(chooseWeights(files, preferred)).toEqual(expected);
  });

  it('reads a configuration whose fields are in text_config', async () => {
    const nested = {
      model_type: 'seer',
      text_config: { model_type: 'llama', vocab_size: 49152, max_position_embeddings: 77 },
    };
    const model = await loadModelFolder(folderWith('nested', { 'config.json': JSON.stringify(nested) }));
    expect(model).toMatchObject({ contextLength: 77, vocabularySize: 49152, config: { model_type: 'seer' } });
  });

  it('takes the template from a file of its own', async () => {
    const path = folderWith('jinja', { 'tokenizer_config.json': '{"eos_token":"<|im_end|>"}' });
    writeFileSync(join(path, 'chat_template.jinja'), "{{ '<|im_start|>' + messages[0]['content'] }}");
    const model = await loadModelFolder(path);
    expect(model.family.name).toBe('plain');
    expect(model.tokenizer.render([{ role: 'user', content: 'Hi' }], { tools: undefined, templateArguments: {} })).toBe(
      '<|im_start|>Hi',
    );
  });
});
