import { expect, test } from 'vitest';
import { createModelConfiguration } from '../../src/entry/model-configuration.ts';

/** Servers as they answer; `discover-server.test.ts` has each kind of them. */
function configurationOver(routes: Readonly<Record<string, unknown>>) {
  const answer = (async (url) => {
    const route = routes[new URL(String(url)).pathname];
    return route === undefined ? new Response('', { status: 404 }) : Response.json(route);
  }) as typeof fetch;
  return createModelConfiguration({ folder: '/nowhere', variables: {}, fetch: answer });
}

const qwen = '{%- if enable_thinking is defined %}<think>{%- endif %}';
const llamaCpp = {
  '/v1/models': { data: [{ id: '/models/Qwen3-8B-Q4.gguf', owned_by: 'llamacpp' }] },
  '/props': { default_generation_settings: { n_ctx: 4_096 }, chat_template: qwen },
};
const ollama = {
  '/v1/models': { data: [{ id: 'deepseek-r1:8b' }, { id: 'llama3.2:latest' }] },
  '/api/version': { version: '0.17.4' },
  '/api/show': { parameters: 'num_ctx 8192' },
};

test('an address is enough where the server tells the rest', async () => {
  const { entry, checked } = await configurationOver(llamaCpp).check({ kind: 'upstream', url: 'http://box:8080' });
  expect(entry).toEqual({
    id: 'Qwen3-8B-Q4',
    url: 'http://box:8080/v1',
    model: '/models/Qwen3-8B-Q4.gguf',
    family: 'qwen3',
    dialect: 'llama.cpp',
    contextLength: 4_096,
  });
  expect(checked).toMatchObject({ id: 'Qwen3-8B-Q4', context_length: 4_096, notices: [] });
});

test('of several models one is named, as the server knows it or without its tag; its id names no effort', async () => {
  const configuration = configurationOver(ollama);
  const upstream = { kind: 'upstream', url: 'http://box:11434' } as const;
  await expect(configuration.check(upstream)).rejects.toMatchObject({
    param: 'model.model',
    message: "Invalid 'model.model': name one of the server's models: deepseek-r1:8b, llama3.2:latest.",
  });
  const { entry } = await configuration.check({ ...upstream, model: 'deepseek-r1:8b' });
  expect(entry).toMatchObject({ id: 'deepseek-r1-8b', family: 'deepseek-r1-distill', dialect: 'ollama' });
  const other = await configuration.check({ ...upstream, model: 'llama3.2' });
  expect(other.entry).toMatchObject({ id: 'llama3.2', model: 'llama3.2:latest', family: 'plain' });
});

test('a name that says it does not think stands above the architecture of those that do', async () => {
  const instruct = { ...ollama, '/v1/models': { data: [{ id: 'qwen3:30b-a3b-instruct-2507' }] } };
  const shown = { parameters: 'num_ctx 8192', details: { family: 'qwen3moe' } };
  const thinks = { ...ollama, '/v1/models': { data: [{ id: 'big' }] }, '/api/show': shown };
  const family = async (routes: Readonly<Record<string, unknown>>) =>
    (await configurationOver(routes).check({ kind: 'upstream', url: 'http://box:11434' })).checked.family;
  expect(await family({ ...instruct, '/api/show': shown })).toBe('plain');
  expect(await family(thinks)).toBe('qwen3');
});

test('what is given stands, and what contradicts the server is told', async () => {
  const given = { id: 'mine', model: 'small', family: 'plain', dialect: 'vllm', contextLength: 1_024 } as const;
  const { entry, checked } = await configurationOver(llamaCpp).check({
    kind: 'upstream',
    url: 'http://box:8080/v1',
    ...given,
  });
  expect(entry).toMatchObject(given);
  expect(checked.notices).toEqual([
    'The server answers, but its list has no model small.',
    'The server looks like llama.cpp, and vllm was given.',
  ]);
});

test.each([
  [401, 'The server answers and asks for a key'],
  [404, 'The server answers, but not to a list of its models'],
])('a server that says %i is not asked further', async (status, why) => {
  const locked = (async () => new Response('', { status })) as typeof fetch;
  const configuration = createModelConfiguration({ folder: '/nowhere', variables: {}, fetch: locked });
  const upstream = { kind: 'upstream', url: 'http://box:1/v1' } as const;
  await expect(configuration.check(upstream)).rejects.toMatchObject({ param: 'model.model' });
  const { entry, checked } = await configuration.check({ ...upstream, model: 'Qwen/Qwen3-32B' });
  expect(entry).toMatchObject({ id: 'Qwen3-32B', family: 'qwen3', dialect: 'plain' });
  expect(checked.notices).toEqual([`${why}, so its kind was not found out and is taken for plain.`]);
  const whole = await configuration.check({ ...upstream, model: 'Qwen/Qwen3-32B', dialect: 'vllm' });
  expect(whole.checked.notices).toEqual([`${why}.`]);
});

test('a server without a model says so', async () => {
  const empty = { '/v1/models': { data: null }, '/api/version': { version: '0.17.4' } };
  await expect(configurationOver(empty).check({ kind: 'upstream', url: 'http://box:1' })).rejects.toMatchObject({
    param: 'model.model',
    message: expect.stringContaining('no model yet'),
  });
});
