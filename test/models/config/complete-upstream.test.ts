import { expect, test } from 'vitest';
import { createModelConfiguration } from '../../../src/entry/models/model-configuration.ts';

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
  '/api/tags': { models: [] },
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

test('an Ollama model without a chat template is told of, unless Ollama renders it itself', async () => {
  const noticesOf = async (shown: Readonly<Record<string, unknown>>) => {
    const routes = { ...ollama, '/api/show': { parameters: 'num_ctx 8192', ...shown } };
    const checked = await configurationOver(routes).check({
      kind: 'upstream',
      url: 'http://box:11434',
      model: 'llama3.2',
    });
    return checked.checked.notices;
  };
  expect(await noticesOf({ template: '{{ .Prompt }}' })).toEqual([
    expect.stringMatching(/^Ollama has no chat template for this model/),
  ]);
  expect(await noticesOf({ template: '{{ .Prompt }}', renderer: 'qwen3-coder' })).toEqual([]);
  expect(await noticesOf({ template: '{{ .System }} {{ .Prompt }}' })).toEqual([]);
});

test('what is given stands, and what contradicts the server is told', async () => {
  const given = {
    id: 'mine',
    model: '/models/Qwen3-8B-Q4.gguf',
    family: 'plain',
    dialect: 'vllm',
    contextLength: 1_024,
  } as const;
  const { entry, checked } = await configurationOver(llamaCpp).check({
    kind: 'upstream',
    url: 'http://box:8080/v1',
    ...given,
  });
  expect(entry).toMatchObject(given);
  expect(checked.notices).toEqual(['The server seems to be llama.cpp, but vllm was given.']);
});

test('an address without a scheme is one of http', async () => {
  const { entry } = await configurationOver(llamaCpp).check({ kind: 'upstream', url: 'box:8080' });
  expect(entry).toMatchObject({ url: 'http://box:8080/v1' });
});

test('a name that the server lacks is refused, with those that are most like it', async () => {
  const upstream = { kind: 'upstream', url: 'http://box:11434', model: 'lama3' } as const;
  await expect(configurationOver(ollama).check(upstream)).rejects.toMatchObject({
    param: 'model.model',
    message:
      "Invalid 'model.model': the server has no model lama3; the names most like it are llama3.2:latest, deepseek-r1:8b.",
  });
  const empty = { ...ollama, '/v1/models': { data: [] } };
  const { checked } = await configurationOver(empty).check(upstream);
  expect(checked.notices).toEqual(['The server lists no model yet; it must have lama3 by the first request.']);
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
  expect(checked.notices).toEqual([`${why}, so its type is unknown and it is treated as plain.`]);
  const whole = await configuration.check({ ...upstream, model: 'Qwen/Qwen3-32B', dialect: 'vllm' });
  expect(whole.checked.notices).toEqual([`${why}.`]);
});

test('a server without a model says so', async () => {
  const empty = { '/v1/models': { data: null } };
  await expect(configurationOver(empty).check({ kind: 'upstream', url: 'http://box:1' })).rejects.toMatchObject({
    param: 'model.model',
    message: expect.stringContaining('no model yet'),
  });
});

test('where a key is wanted the address gets the path that the key guards', async () => {
  const vllm = (async (url) =>
    new Response('', { status: new URL(String(url)).pathname === '/v1/models' ? 401 : 404 })) as typeof fetch;
  const configuration = createModelConfiguration({ folder: '/nowhere', variables: {}, fetch: vllm });
  const upstream = { kind: 'upstream', url: 'http://box:8000', model: 'X', apiKeyVariable: 'X_API_KEY' } as const;
  expect((await configuration.check(upstream)).entry).toMatchObject({ url: 'http://box:8000/v1', model: 'X' });
});

test.each(['http://me:secret@box:8000/v1', 'http://secret@box:8000/v1'])(
  'an address with credentials is refused before anything is asked: %s',
  async (url) => {
    await expect(configurationOver(llamaCpp).check({ kind: 'upstream', url })).rejects.toMatchObject({
      param: 'model.url',
      message:
        "Invalid 'model.url': an address without user and password; name the variable with the key in apiKeyVariable.",
    });
  },
);

test.each([
  ['/home/me/thinkfirst/models/Llama-3.2-3B.gguf', 'plain'],
  ['/srv/llm/reasoning/gemma-3-4b.gguf', 'plain'],
  ['/models/instruct/Qwen3-8B-Q4.gguf', 'qwen3'],
  [String.raw`C:\thinkfirst\Qwen3-8B-Q4.gguf`, 'qwen3'],
  ['/models/Qwen3-8B/', 'qwen3'],
])('the folders of weights say nothing of their family: %s', async (path, family) => {
  const named = { '/v1/models': { data: [{ id: path, owned_by: 'llamacpp' }] } };
  const asFile = { '/v1/models': { data: [{ id: 'it', owned_by: 'llamacpp' }] }, '/props': { model_path: path } };
  const familyOver = async (routes: Readonly<Record<string, unknown>>) =>
    (await configurationOver(routes).check({ kind: 'upstream', url: 'http://box:1' })).checked.family;
  expect([await familyOver(named), await familyOver(asFile)]).toEqual([family, family]);
});

test('where no name tells, what Ollama says of a model that thinks does', async () => {
  const familyOver = async (id: string, capabilities: string[]) => {
    const routes = { ...ollama, '/v1/models': { data: [{ id }] }, '/api/show': { capabilities } };
    return (await configurationOver(routes).check({ kind: 'upstream', url: 'http://box:1' })).checked.family;
  };
  expect(await familyOver('my-own', ['completion', 'thinking'])).toBe('think-tags');
  expect(await familyOver('my-own', ['completion'])).toBe('plain');
  expect(await familyOver('gpt-oss:20b', ['completion', 'thinking'])).toBe('gpt-oss');
});

test.each([
  ['qwen3-8b@q4_k_m', 'qwen3-8b-q4_k_m'],
  ['hf.co/me/Größe v2:Q4', 'Gr--e-v2-Q4'],
  ['@cf/@mine', 'mine'],
])('%s gets an id that requests can name', async (name, id) => {
  const routes = { '/v1/models': { data: [{ id: name }] } };
  expect((await configurationOver(routes).check({ kind: 'upstream', url: 'http://box:1' })).entry).toMatchObject({
    id,
  });
});
