import { describe, expect, it } from 'vitest';
import {
  parseModelEntries,
  parseModelName,
  parseModelsConfig,
  parseModelsVariable,
} from '../../../src/models/config/model-config.ts';

const none = () => undefined;
const upstream = { id: 'big', url: 'http://gpu:8000/v1/', model: 'Qwen/Qwen3-8B', family: 'qwen3' };

describe('models by configuration', () => {
  it.each([
    ['./models/thinkfirst-135m', { kind: 'folder', id: 'thinkfirst-135m', path: './models/thinkfirst-135m' }],
    ['models/thinkfirst-135m', { kind: 'folder', id: 'thinkfirst-135m', path: 'models/thinkfirst-135m' }],
    ['/srv/models/mine/', { kind: 'folder', id: 'mine', path: '/srv/models/mine/' }],
    ['~/models/mine', { kind: 'folder', id: 'mine', path: '~/models/mine' }],
    [
      'hub:onnx-community/Qwen3-0.6B-ONNX',
      { kind: 'hub', id: 'Qwen3-0.6B-ONNX', name: 'onnx-community/Qwen3-0.6B-ONNX' },
    ],
    ['onnx-community/Qwen3-0.6B-ONNX', { kind: 'hub', id: 'Qwen3-0.6B-ONNX', name: 'onnx-community/Qwen3-0.6B-ONNX' }],
  ])('the text %s', (text, model) => {
    expect(parseModelEntries([text], none)).toEqual([model]);
  });

  it('an upstream, with what it leaves out', () => {
    expect(parseModelEntries([upstream], none)).toEqual([
      {
        kind: 'upstream',
        id: 'big',
        url: 'http://gpu:8000/v1',
        model: 'Qwen/Qwen3-8B',
        family: 'qwen3',
        dialect: 'plain',
        contextLength: 8192,
        thoughtOpenedByTemplate: false,
        maxParallel: 16,
      },
    ]);
  });

  it('ids of models that are known, among folders and hub names', () => {
    const known = () => parseModelEntries([upstream], none);
    expect(parseModelsVariable('big, hf:org/c', none, { known }).map(({ kind, id }) => `${kind} ${id}`)).toEqual([
      'upstream big',
      'hub c',
    ]);
    expect(() => parseModelsVariable('bigg', none, { known })).toThrow(
      'THINKFIRST_MODELS: "bigg" is neither a folder (./name) nor a hub name (hub:organisation/name), ' +
        'nor a known id: big. Did you mean big?',
    );
    expect(() => parseModelName('other', { known })).toThrow(/^"other" is neither .* known id: big$/);
  });

  it('reads the key from the variable that the entry names', () => {
    const environment = (name: string) => (name === 'GPU_KEY' ? ' secret\n' : undefined);
    expect(parseModelEntries([{ ...upstream, apiKeyVariable: 'GPU_KEY' }], environment)).toMatchObject([
      { apiKey: 'secret' },
    ]);
  });

  it.each([
    [{ folder: './a', effortTable: './a.effort.json' }, './a.effort.json'],
    [{ hub: 'org/b', effortTable: '~/b.effort.json' }, '~/b.effort.json'],
    [{ ...upstream, effortTable: '/srv/big.effort.json' }, '/srv/big.effort.json'],
  ])('%j names its effort table, and the place that a fault of it begins with', (entry, path) => {
    const [model] = parseModelsConfig({ models: [entry] }, none);
    expect(model?.effortTable).toEqual({ path, field: 'thinkfirst.config.json: models[0].effortTable' });
  });

  it('keeps the order, whose first is the default, in the file and in the variable', () => {
    const ids = ['b', 'a', 'big'];
    const entries = ['./b', { folder: '/srv/x', id: 'a', family: 'qwen3' }, upstream];
    expect(parseModelsConfig({ models: entries, other: 1 }, none).map(({ id }) => id)).toEqual(ids);
    expect(parseModelsVariable(JSON.stringify(entries), none).map(({ id }) => id)).toEqual(ids);
    expect(parseModelsVariable(' ./b, /srv/a ,org/c', none).map(({ id }) => id)).toEqual(['b', 'a', 'c']);
    expect(parseModelsVariable(JSON.stringify(upstream), none).map(({ id }) => id)).toEqual(['big']);
  });

  it.each([
    [['just-a-word'], 'models[0]: "just-a-word" is neither a folder'],
    [['./a', 7], 'models[1]: expected a string or an object'],
    [[{ id: 'x' }], 'models[0]: expected one of "folder", "hub" or "url"'],
    [[{ ...upstream, family: 'gpt-9' }], 'models[0].family: unknown family; expected one of thinkfirst, qwen3'],
    [
      [{ ...upstream, family: undefined }],
      'models[0].family is missing: how the model writes its thoughts: thinkfirst, qwen3',
    ],
    [[{ ...upstream, id: undefined }], 'models[0].id is missing: a name that requests will choose it by'],
    [[{ ...upstream, url: 'http://gpu/v1/chat/completions' }], 'models[0].url: the address before /chat/completions'],
    [[{ ...upstream, url: 'ftp://gpu' }], 'models[0].url: an http or https URL'],
    [[{ ...upstream, url: 'http://me:pass@gpu/v1' }], 'models[0].url: put the key into a variable'],
    [[{ ...upstream, dialect: 'tgi' }], 'models[0].dialect:'],
    [[{ ...upstream, apiKeyVariable: 'sk-123' }], 'models[0].apiKeyVariable: the name of an environment variable'],
    [[{ ...upstream, apiKeyVariable: 'GPU_KEY' }], 'models[0].apiKeyVariable: the variable GPU_KEY is not set'],
    [[{ ...upstream, id: 'big:low' }], 'models[0].id: letters, digits'],
    [[{ ...upstream, contextLenght: 1 }], 'models[0]: "contextLenght" is not known. Did you mean "contextLength"?'],
    [
      [{ ...upstream, model: undefined, modle: 'x' }],
      'models[0]: "modle" is not known. Did you mean "model" (the name that the server knows the model by)?',
    ],
    [
      [{ ...upstream, temperature: 1 }],
      'models[0]: "temperature" is not a known field; expected one of id, url, apiKeyVariable,',
    ],
    [[{ ...upstream, effortTable: {} }], 'models[0].effortTable: the path of a file that `thinkfirst calibrate` wrote'],
    [[{ hub: 'org/b', efortTable: './b' }], 'models[0]: "efortTable" is not known. Did you mean "effortTable"'],
    [[{ fodler: './a' }], '"hub" or "url"; "fodler" is not known. Did you mean "folder"?'],
    [['./a', '/other/a'], 'models[1].id: there are two models named a'],
    [[], 'models: name at least one model'],
  ])('%j is refused in one line that names the place', (entries, message) => {
    const attempt = () => parseModelEntries(entries, none);
    expect(attempt).toThrow(
      expect.objectContaining({ code: 'invalid_value', message: expect.stringContaining(message) }),
    );
    expect(attempt).not.toThrow(/\n/);
  });

  it.each([
    [
      { model: ['./a'] },
      'thinkfirst.config.json: models: expected a list of models, such as {"models": ["./my-model"]}',
    ],
    [{ model: ['./a'] }, '"model" is not known. Did you mean "models"?'],
    [{ models: './a', model: 1 }, /^thinkfirst\.config\.json: models: expected a list of models[^;]*$/],
    [['./a'], 'thinkfirst.config.json: expected a list of models'],
    [{ models: ['./a', {}] }, 'thinkfirst.config.json: models[1]: expected one of'],
    [{ models: [] }, 'thinkfirst.config.json: models: name at least one model'],
  ])('of the file %j it names the file', (config, message) => {
    expect(() => parseModelsConfig(config, none)).toThrow(message);
  });

  it.each([
    ['[{', 'THINKFIRST_MODELS is not valid JSON'],
    ['[7]', 'THINKFIRST_MODELS[0]: expected a string or an object'],
    ['{"hub":"a"}', 'THINKFIRST_MODELS.hub: a hub name is organisation/name'],
    [' , ', 'THINKFIRST_MODELS: name at least one model'],
  ])('of the variable %s it names the variable, or the option that was typed', (text, message) => {
    expect(() => parseModelsVariable(text, none)).toThrow(message);
    const option = message.replace('THINKFIRST_MODELS', '--models');
    expect(() => parseModelsVariable(text, none, { name: '--models' })).toThrow(option);
  });
});
