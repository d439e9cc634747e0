import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { modelFindings } from '../../../src/cli/doctor/model-files.ts';
import type { UpstreamModel } from '../../../src/models/config/model-config.ts';

type Routes = Readonly<Record<string, unknown>>;

/** A server with these routes; all else is 404. `key`: what it wants to see. */
async function serve(routes: Routes, { key }: { key?: string } = {}): Promise<string> {
  const server = createServer((request, answer) => {
    const route = routes[new URL(request.url ?? '/', 'http://x').pathname];
    const locked = key !== undefined && request.headers.authorization !== `Bearer ${key}`;
    answer.statusCode = locked ? 401 : route === undefined ? 404 : 200;
    answer.setHeader('content-type', 'application/json');
    answer.end(JSON.stringify(route ?? {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${z.object({ port: z.number() }).parse(server.address()).port}`;
}

const llamaCpp: Routes = {
  '/v1/models': { data: [{ id: 'small', owned_by: 'llamacpp' }] },
  '/models': { data: [{ id: 'small', owned_by: 'llamacpp' }] },
  '/props': { default_generation_settings: { n_ctx: 2_048 } },
  '/chat/completions': {},
};
const vllm: Routes = { '/v1/models': { data: [{ id: 'small', owned_by: 'vllm', max_model_len: 8_192 }] } };
const ollama: Routes = {
  '/v1/models': { data: [{ id: 'small:latest' }] },
  '/api/version': { version: '0.17.4' },
  '/api/tags': { models: [] },
};
const gateway: Routes = { '/v1/models': { data: [{ id: 'small' }] }, '/chat/completions': {} };

/** What `doctor` says of an entry, without its effort table. */
async function lookAt(url: string, entry: Partial<UpstreamModel> = {}) {
  const findings = await modelFindings([
    {
      kind: 'upstream',
      id: 'mine',
      url,
      model: 'small',
      family: 'plain',
      dialect: 'llama.cpp',
      contextLength: 2_048,
      thoughtOpenedByTemplate: false,
      maxParallel: 4,
      ...entry,
    },
  ]);
  return findings.filter(({ name }) => name === 'model mine');
}

test.each<[string, Routes, string, Partial<UpstreamModel>]>([
  ['llama.cpp', llamaCpp, '/v1', {}],
  ['vLLM', vllm, '/v1', { dialect: 'vllm' }],
  ['Ollama, by a name without its tag', ollama, '/v1', { dialect: 'ollama' }],
  ['a gateway that nobody knows', gateway, '/v1', { dialect: 'vllm' }],
  ['a gateway that has its routes without /v1 as well', gateway, '', { dialect: 'plain' }],
])('an entry that its server bears out is well: %s', async (_, routes, path, entry) => {
  const url = `${await serve(routes)}${path}`;
  expect(await lookAt(url, entry)).toEqual([
    { name: 'model mine', status: 'ok', detail: `${url} answers, and has small` },
  ]);
});

test.each<[string, Routes, string, Partial<UpstreamModel>, string, RegExp, RegExp]>([
  ['an address without /v1', llamaCpp, '', {}, 'fault', /its routes start at/, /"url": ".*\/v1"/],
  ['one without /v1 whose routes are not there', vllm, '', { dialect: 'vllm' }, 'fault', /routes start at/, /\/v1"/],
  ['one with another path', vllm, '/v2', { dialect: 'vllm' }, 'fault', /v2 has no \/chat\/completions/, /ends in \/v1/],
  [
    'a model that it has not',
    vllm,
    '/v1',
    { dialect: 'vllm', model: 'x' },
    'fault',
    /no model x; it lists small/,
    /"model"/,
  ],
  ['a name that it passes over', llamaCpp, '/v1', { model: 'x' }, 'warning', /no model x; it lists small/, /"model"/],
  [
    'a dialect that it is not',
    llamaCpp,
    '/v1',
    { dialect: 'vllm' },
    'fault',
    /is llama.cpp, .* is vllm/,
    /"dialect": "llama.cpp"/,
  ],
  [
    'a dialect that asks for less',
    llamaCpp,
    '/v1',
    { dialect: 'plain' },
    'warning',
    /is llama.cpp, .* is plain/,
    /"llama.cpp"/,
  ],
  [
    'a context that it gives no request',
    llamaCpp,
    '/v1',
    { contextLength: 8_192 },
    'fault',
    /gets 2,048 .* is 8,192/,
    /"contextLength": 2048/,
  ],
  [
    'a context that is guessed',
    ollama,
    '/v1',
    { dialect: 'ollama', contextLength: 8_192 },
    'warning',
    /gets 4,096/,
    /OLLAMA_CONTEXT_LENGTH/,
  ],
  [
    'a model without a chat template',
    { ...ollama, '/api/show': { template: '{{ .Prompt }}' } },
    '/v1',
    { dialect: 'ollama' },
    'warning',
    /small:latest at .* is not set up for chat/,
    /TEMPLATE/,
  ],
])('says what is wrong with an entry: %s', async (_, routes, path, entry, status, detail, advice) => {
  const found = await lookAt(`${await serve(routes)}${path}`, entry);
  expect(found).toMatchObject([
    { status, detail: expect.stringMatching(detail), advice: expect.stringMatching(advice) },
  ]);
});

test('says all that is wrong with an entry', async () => {
  const found = await lookAt(await serve(llamaCpp), { model: 'x', dialect: 'vllm', contextLength: 8_192 });
  expect(found.map(({ status }) => status)).toEqual(['fault', 'warning', 'fault', 'fault']);
});

test('shows a server the key of its entry, and says where it asks for one or refuses it', async () => {
  const url = `${await serve(vllm, { key: 'right' })}/v1`;
  const entry = { dialect: 'vllm' } as const;
  expect(await lookAt(url, { ...entry, apiKey: 'right' })).toMatchObject([{ status: 'ok' }]);
  expect(await lookAt(url, { ...entry, apiKey: 'wrong' })).toMatchObject([
    { status: 'fault', detail: `${url} refuses the key` },
  ]);
  expect(await lookAt(url, entry)).toMatchObject([{ status: 'fault', detail: `${url} requires a key` }]);
});

test('says that nothing answers', async () => {
  expect(await lookAt('http://127.0.0.1:1/v1')).toMatchObject([
    { status: 'fault', detail: 'nothing answers at http://127.0.0.1:1/v1' },
  ]);
});
