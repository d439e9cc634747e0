import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ErrorEnvelope } from '../../src/contracts/service/error-envelope.ts';
import { ModelList, ModelObject, StrategyList } from '../../src/contracts/service/listings.ts';
import { ServiceError } from '../../src/contracts/service/service-error.ts';
import { createApi } from './responses/fixture.ts';

describe('every answer', () => {
  test('carries a request id, the caller’s own where it is a plain one, and security headers', async () => {
    const { app } = createApi();
    const mine = await app.request('/healthz', { headers: { 'x-request-id': 'mine-1' } });
    expect(mine.headers.get('x-request-id')).toBe('mine-1');
    const evil = await app.request('/nowhere', { headers: { 'x-request-id': '<script>' } });
    expect(evil.headers.get('x-request-id')).toMatch(/^[\w-]+$/);
    expect(evil.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test.each([
    ['localhost:8080', 200],
    ['127.0.0.1', 200],
    ['[::1]:8080', 200],
    ['Think.Example.org', 200],
    ['evil.example.org', 403],
    ['localhost.evil.org', 403],
  ])('Host %s gives %i', async (host, status) => {
    const { app } = createApi({ allowedHosts: ['think.example.org'] });
    const response = await app.request('/healthz', { headers: { host } });
    expect(response.status).toBe(status);
    if (status === 403) expect(ErrorEnvelope.parse(await response.json()).error.code).toBe('host_not_allowed');
  });

  test('`*` takes any host', async () => {
    const { app } = createApi({ allowedHosts: ['*'] });
    expect((await app.request('/healthz', { headers: { host: 'any.example.org' } })).status).toBe(200);
  });
});

describe('when the backend is away', () => {
  const away = async () => {
    throw new ServiceError({ code: 'backend_unavailable', message: 'The queue is away.', retryAfterSeconds: 3 });
  };

  test.each([
    ['POST', '/v1/responses'],
    ['GET', '/v1/responses'],
    ['GET', '/v1/responses/resp_1'],
    ['POST', '/v1/responses/resp_1/cancel'],
  ])('%s %s gives 503 with Retry-After', async (method, path) => {
    const { queue } = createApi();
    const { app, ask } = createApi({ queue: { ...queue, add: away, get: away, list: away } });
    const response =
      path === '/v1/responses' && method === 'POST' ? await ask({ input: 'a' }) : await app.request(path, { method });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('3');
    expect(ErrorEnvelope.parse(await response.json()).error.code).toBe('backend_unavailable');
  });

  test('readiness is false, with the part at fault', async () => {
    const { app } = createApi({ ready: async () => ({ ready: false, parts: { model: true, backend: false } }) });
    const response = await app.request('/readyz');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('2');
    expect(await response.json()).toEqual({ status: 'not_ready', parts: { model: true, backend: false } });
  });
});

test('an unexpected error is a 500 that shows nothing internal, and is logged with its request', async () => {
  const { queue } = createApi();
  const { ask, logged } = createApi({
    queue: {
      ...queue,
      add: async () => {
        throw new Error('relation "bullmq.job" at /srv/secret');
      },
    },
  });
  const response = await ask({ input: 'a' });
  expect(response.status).toBe(500);
  expect(await response.text()).not.toMatch(/bullmq|secret/);
  expect(logged.join()).toContain(response.headers.get('x-request-id'));
});

test('models come with capabilities and effort table, by id and by id with a suffix', async () => {
  const { app } = createApi();
  const { data } = ModelList.parse(await (await app.request('/v1/models')).json());
  expect(data.map(({ id }) => id)).toEqual(['tiny', 'some-org/other']);
  expect(data[0]).toMatchObject({ default_effort: 'medium', effort_table: { levels: { low: { budget_tokens: 16 } } } });
  for (const path of ['some-org/other', 'some-org%2Fother', 'some-org/other:low']) {
    const model = ModelObject.parse(await (await app.request(`/v1/models/${path}`)).json());
    expect(model.id).toBe('some-org/other');
  }
});

test('Codex finds an empty catalog of its own form in the list of models, and others find none', async () => {
  const { app } = createApi();
  const asCodex = await app.request('/v1/models?client_version=0.171.0');
  expect(ModelList.parse(await asCodex.json())).toMatchObject({ data: [{ id: 'tiny' }, {}], models: [] });
  expect(ModelList.parse(await (await app.request('/v1/models')).json())).not.toHaveProperty('models');
});

test('strategies are listed with their options where they are handed in', async () => {
  const strategies = [
    { name: 'direct', description: 'No thinking.', options: z.object({ tries: z.int().default(1) }) },
  ];
  const listed = await createApi({ strategies }).app.request('/v1/strategies');
  expect(StrategyList.parse(await listed.json()).data[0]).toMatchObject({
    name: 'direct',
    options: { type: 'object', properties: { tries: { type: 'integer', default: 1 } } },
  });
  expect((await createApi().app.request('/v1/strategies')).status).toBe(404);
});

test.each([
  ['POST', '/v1/responses', 200],
  ['POST', '/v1/responses/resp_0000/cancel', 200],
  ['DELETE', '/v1/responses/resp_0000', 200],
])('%s %s takes a streamed body of a Request that is not the platform’s own class', async (method, path, status) => {
  const { app, ask } = createApi();
  await ask({ input: 'a', background: true });
  const body = JSON.stringify({ input: 'b', background: true });
  const init = { method, headers: { 'content-type': 'application/json' } };
  const request = new Request(`http://localhost${path}`, { ...init, body });
  // As @hono/node-server hands them in: the same members, but no `new Request(it)`.
  const foreign = new Proxy(request, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  expect((await app.fetch(foreign)).status).toBe(status);
});
