import { createServer, type RequestListener } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  addressBehindKey,
  type DiscoveredServer,
  discoverServer,
} from '../../../../src/models/servers/client/discover-server.ts';

/** Answers as the servers gave them (llama.cpp, Ollama: seen here) or as their documentation has them; all else is 404. */
const servers: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'llama.cpp': {
    '/v1/models': { data: [{ id: '/models/Qwen3-8B-Q4.gguf', owned_by: 'llamacpp', meta: { n_ctx_train: 40_960 } }] },
    '/props?model=%2Fmodels%2FQwen3-8B-Q4.gguf': {
      default_generation_settings: { n_ctx: 4_096 },
      model_path: '/models/Qwen3-8B-Q4.gguf',
      chat_template: '{{ messages }}<think>',
      modalities: { vision: true, audio: false },
    },
  },
  ollama: {
    '/v1/models': { data: [{ id: 'qwen3:8b', owned_by: 'library' }] },
    '/api/version': { version: '0.17.4' },
    '/api/tags': { models: [] },
    '/api/show': {
      parameters: 'temperature                    0.6\nnum_ctx                        8192',
      capabilities: ['completion', 'vision', 'thinking'],
      details: { family: 'qwen3' },
    },
    '/api/ps': { models: [] },
  },
  'ollama with a loaded model': {
    '/v1/models': { data: [{ id: 'llama3.2:latest', owned_by: 'library' }] },
    '/api/version': { version: '0.17.4' },
    '/api/tags': { models: [{ name: 'llama3.2:latest' }] },
    '/api/show': { details: { family: 'llama' } },
    '/api/ps': { models: [{ name: 'llama3.2:latest', context_length: 32_768 }] },
  },
  'an empty ollama': {
    '/v1/models': { data: null },
    '/api/version': { version: '0.17.4' },
    '/api/tags': { models: [] },
  },
  'an ollama that embeds': {
    '/v1/models': { data: [{ id: 'nomic-embed-text', owned_by: 'library' }] },
    '/api/version': { version: '0.17.4' },
    '/api/tags': { models: [] },
    '/api/show': { template: '{{ .Prompt }}', capabilities: ['embedding'] },
  },
  'llama-swap': {
    '/v1/models': { data: [{ id: 'big', owned_by: 'llama-swap' }] },
    '/api/version': { version: '175', commit: 'abc', build_date: '2025-11-01' },
  },
  vllm: {
    '/v1/models': { data: [{ id: 'big', owned_by: 'vllm', root: 'Qwen/Qwen3-32B', max_model_len: 32_768 }] },
  },
  lmstudio: {
    '/v1/models': { data: [{ id: 'qwen2-vl-7b-instruct', owned_by: 'organization_owner' }, { id: 'nomic' }] },
    '/api/v0/models': {
      data: [
        { id: 'qwen2-vl-7b-instruct', type: 'vlm', arch: 'qwen2_vl', state: 'not-loaded', max_context_length: 32_768 },
        { id: 'loaded', type: 'llm', state: 'loaded', max_context_length: 131_072, loaded_context_length: 8_192 },
        { id: 'short', type: 'llm', state: 'not-loaded', max_context_length: 2_048 },
        { id: 'nomic', type: 'embeddings', arch: 'nomic-bert', state: 'not-loaded', max_context_length: 2_048 },
      ],
    },
  },
  thinkfirst: {
    '/v1/models': {
      data: [{ id: 'thinkfirst-135m', owned_by: 'thinkfirst', effort_table: {}, context_length: 5_825 }],
    },
  },
  'a gateway with null for an owner': { '/v1/models': { data: [{ id: 'big', owned_by: null }] } },
  sglang: { '/v1/models': { data: [{ id: 'x', owned_by: 'sglang', max_model_len: 2_048 }] } },
};

const ask = (name: string): typeof fetch =>
  (async (url) => {
    const { pathname, search } = new URL(String(url));
    const answer = servers[name]?.[pathname + search];
    return answer === undefined ? new Response('', { status: 404 }) : Response.json(answer);
  }) as typeof fetch;
const discover = (name: string, typed = 'http://box:1/') =>
  discoverServer(typed, { fetch: ask(name), timeoutMs: 1_000 });
const known = async (name: string): Promise<DiscoveredServer> => {
  const server = await discover(name);
  if (typeof server === 'string') throw new Error(server);
  return server;
};

describe('what a server is', () => {
  it.each([
    ['llama.cpp', 'llama.cpp'],
    ['ollama', 'ollama'],
    ['an empty ollama', 'ollama'],
    ['vllm', 'vllm'],
    ['lmstudio', 'lmstudio'],
    ['thinkfirst', 'thinkfirst'],
    ['sglang', 'plain'],
    ['llama-swap', 'plain'],
    ['a gateway with null for an owner', 'plain'],
  ])('%s is found out', async (name, dialect) => {
    expect(await known(name)).toMatchObject({ dialect, url: 'http://box:1/v1' });
  });

  it.each([
    ['llama.cpp', { contextLength: 4_096, chatTemplate: '{{ messages }}<think>', inputs: ['image'] }],
    ['ollama', { contextLength: 8_192, knownAs: ['qwen3'], inputs: ['image'], thinks: true }],
    ['ollama with a loaded model', { contextLength: 32_768 }],
    ['vllm', { contextLength: 32_768, knownAs: ['Qwen/Qwen3-32B'] }],
    ['lmstudio', { contextLength: 4_096, knownAs: ['qwen2_vl'], inputs: ['image'] }],
    ['thinkfirst', { contextLength: 5_825 }],
    ['sglang', { contextLength: 2_048 }],
  ])('%s tells of its model', async (name, facts) => {
    const server = await known(name);
    expect(await server.about(server.names[0] ?? '')).toMatchObject({ name: server.names[0], ...facts });
  });

  it('lists no model that only embeds', async () => {
    expect((await known('lmstudio')).names).toEqual(['qwen2-vl-7b-instruct', 'loaded', 'short']);
    expect((await known('an empty ollama')).names).toEqual([]);
  });

  it('a router of llama.cpp is not made to load a model that is only looked at', async () => {
    const asked: string[] = [];
    const noting: typeof fetch = (url) => {
      asked.push(String(url));
      return ask('llama.cpp')(url);
    };
    const server = await discoverServer('http://box:1', { fetch: noting, timeoutMs: 1_000, mayLoad: false });
    if (typeof server === 'string') throw new Error(server);
    await server.about('a b');
    expect(asked.at(-1)).toBe('http://box:1/props?model=a%20b&autoload=false');
  });

  it('says what it took for granted', async () => {
    const model = await (await known('ollama with a loaded model')).about('not-loaded');
    expect(model).toMatchObject({
      contextLength: 4_096,
      contextNotice: expect.stringContaining('OLLAMA_CONTEXT_LENGTH'),
    });
  });

  it('takes no more than LM Studio loads a model with, until it is loaded', async () => {
    const { about } = await known('lmstudio');
    const [unloaded, loaded, short] = await Promise.all(['qwen2-vl-7b-instruct', 'loaded', 'short'].map(about));
    expect(unloaded?.contextNotice).toContain('4,096');
    expect(loaded).toEqual({ name: 'loaded', knownAs: [], contextLength: 8_192 });
    expect(short).toEqual({ name: 'short', knownAs: [], contextLength: 2_048 });
  });

  it('says of a model of Ollama that it only embeds, and not that its template is missing', async () => {
    const { about } = await known('an ollama that embeds');
    expect(await about('nomic-embed-text')).toMatchObject({
      chatNotice: expect.stringContaining('only makes embeddings'),
    });
  });

  it.each(['http://box:1', 'http://box:1/v1', 'http://box:1/v1/'])('takes %s as an address', async (typed) => {
    expect(await discover('vllm', typed)).toMatchObject({ url: 'http://box:1/v1' });
  });

  it('says that a key is wanted, that there is no list, or that nothing answers', async () => {
    const locked = (async () => new Response('', { status: 401 })) as typeof fetch;
    expect(await discoverServer('http://box:1', { fetch: locked, timeoutMs: 1_000 })).toBe('locked');
    expect(await discover('none')).toBe('unlisted');
    const dead = (() => Promise.reject(new TypeError('fetch failed'))) as typeof fetch;
    expect(await discoverServer('http://box:1', { fetch: dead, timeoutMs: 1_000 })).toBe('away');
  });

  it.each([
    ['http://box:1', { '/v1/models': 401, '/models': 404 }, 'http://box:1/v1'],
    ['http://box:1/', { '/v1/models': 403, '/models': 404 }, 'http://box:1/v1'],
    ['http://box:1', { '/v1/models': 401, '/models': 401 }, 'http://box:1'],
    ['http://box:1', { '/v1/models': 401, '/models': 200 }, 'http://box:1'],
    ['http://box:1', { '/v1/models': 404, '/models': 401 }, 'http://box:1'],
    ['http://box:1/v1', { '/v1/models': 401, '/models': 404 }, 'http://box:1/v1'],
  ])('%s with %o has its routes behind a key at %s', async (typed, statuses: Record<string, number>, address) => {
    const locked = (async (url) =>
      Response.json({ data: [] }, { status: statuses[new URL(String(url)).pathname] ?? 404 })) as typeof fetch;
    expect(await addressBehindKey(typed, { fetch: locked, timeoutMs: 1_000 })).toBe(address);
  });
});

/** Listens on a free port of the loopback; `asked` are the paths of its requests. */
async function listen(answer: RequestListener): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, asked };
}

describe('a server that redirects', () => {
  const list = JSON.stringify({ data: [{ id: 'inside', owned_by: 'vllm' }] });

  it.each([301, 302, 303, 307, 308])('with %i is asked nowhere else', async (status) => {
    const inside = await listen((_, response) => response.end(list));
    const outside = await listen((request, response) =>
      response.writeHead(status, { location: `${inside.url}${request.url}` }).end(),
    );
    expect(await discoverServer(outside.url, { fetch, timeoutMs: 10_000 })).toBe('unlisted');
    expect(outside.asked).toEqual(['/v1/models', '/models']);
    expect(await addressBehindKey(outside.url, { fetch, timeoutMs: 10_000 })).toBe(outside.url);
    expect(inside.asked).toEqual([]);
  });

  it('for what its model is, neither', async () => {
    const inside = await listen((_, response) => response.end('{"chat_template":"secret"}'));
    const outside = await listen((request, response) => {
      if (request.url === '/v1/models') response.end('{"data":[{"id":"a","owned_by":"llamacpp"}]}');
      else response.writeHead(302, { location: inside.url }).end();
    });
    const server = await discoverServer(outside.url, { fetch, timeoutMs: 10_000 });
    if (typeof server === 'string') throw new Error(server);
    expect(await server.about('a')).toEqual({ name: 'a', knownAs: [] });
    expect(inside.asked).toEqual([]);
  });
});
