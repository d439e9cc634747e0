import { expect, test } from 'vitest';
import { emptyForm, isComplete, newModel } from '../../console/src/views/settings/new-model.ts';
import { NewModel } from '../../src/contracts/service/model-configuration.ts';

test.each([
  [
    { ...emptyForm, kind: 'folder' as const, folder: ' ./models/mine ' },
    { kind: 'folder', folder: './models/mine' },
  ],
  [
    { ...emptyForm, kind: 'hub' as const, hub: 'org/name', id: 'mine', family: 'qwen3' },
    { kind: 'hub', hub: 'org/name', id: 'mine', family: 'qwen3' },
  ],
  [
    {
      ...emptyForm,
      kind: 'upstream' as const,
      url: 'http://127.0.0.1:8000/v1',
      model: 'qwen3:8b',
      dialect: 'ollama',
      contextLength: '32768',
    },
    {
      kind: 'upstream',
      url: 'http://127.0.0.1:8000/v1',
      model: 'qwen3:8b',
      dialect: 'ollama',
      contextLength: 32_768,
    },
  ],
  [
    { ...emptyForm, kind: 'upstream' as const, url: 'http://127.0.0.1:11434' },
    { kind: 'upstream', url: 'http://127.0.0.1:11434' },
  ],
])('the form %# is a model that the service takes', (form, model) => {
  expect(isComplete(form)).toBe(true);
  expect(NewModel.parse(newModel(form))).toEqual(model);
});

test('a form is not complete without what says where the model is', () => {
  expect(isComplete(emptyForm)).toBe(false);
  expect(isComplete({ ...emptyForm, kind: 'upstream', model: 'any' })).toBe(false);
});
