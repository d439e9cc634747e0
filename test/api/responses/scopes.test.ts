import { Hono } from 'hono';
import { requestId } from 'hono/request-id';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { ApiEnvironment } from '../../../src/api/dependencies.ts';
import { createOnError } from '../../../src/api/errors.ts';
import { waitForEnd } from '../../../src/api/responses/response-events.ts';
import { createResponseInputRoutes } from '../../../src/api/routes/response-input.ts';
import { createResponsesRoutes } from '../../../src/api/routes/responses.ts';
import { createTraceRoutes } from '../../../src/api/routes/trace.ts';
import { Response } from '../../../src/contracts/responses/response.ts';
import { allScopes, type KeyScopes } from '../../../src/contracts/service/key-scopes.ts';
import { createKeyStore } from '../../../src/store/key-store.ts';
import { createMemoryRecords } from '../../support/memory-records.ts';
import { createScriptedModel } from '../../support/scripted-language-model.ts';
import { createService } from '../../worker/service.ts';
import { readEvents } from './fixture.ts';

const thought = 'SECRET 40 + 2 = 42.';
const reasoning = { effort: 'low', strategy: 'budget-forcing' };

/** A response whose creator asked for its thoughts, and the same routes for a key that may see this much. */
async function seenWith(trace: KeyScopes['trace']) {
  const model = createScriptedModel({ id: 'tiny', script: () => ({ thought, answer: '42' }) });
  const { answered, dependencies } = await createService(model);
  const { id } = await answered({ input: 'a', reasoning, include: ['reasoning.text'] });
  const next = await answered({ input: 'b', previous_response_id: id, mode: 'fast' });
  const app = new Hono<ApiEnvironment>();
  app.onError(createOnError(dependencies.log));
  app.use(requestId());
  app.use(async function identify(c, after) {
    c.set('caller', { owner: null, scopes: { ...allScopes, trace } });
    await after();
  });
  app.route('/v1/responses', createResponseInputRoutes(dependencies));
  app.route('/v1/responses', createResponsesRoutes(dependencies));
  app.route('/v1/responses', createTraceRoutes(dependencies));
  return { app, id, next: next.id };
}

test.each(['none', 'summary'] as const)('a key of scope trace:%s sees no thought anywhere', async (trace) => {
  const { app, id, next } = await seenWith(trace);
  for (const path of [`/${id}`, '', `/${next}/input_items`]) {
    const response = await app.request(`/v1/responses${path}`);
    expect(response.status).toBe(200);
    expect(await response.text()).not.toContain('SECRET');
  }
  expect((await app.request(`/v1/responses/${id}?stream=true`)).status).toBe(403);
  const asked = await app.request('/v1/responses', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input: 'a', include: ['reasoning.text'] }),
  });
  expect(asked.status).toBe(403);
  expect(await asked.json()).toMatchObject({ error: { code: 'insufficient_scope', param: 'include' } });
});

test.each(['none', 'summary'] as const)(
  'the first key, of scope trace:%s, has what was made before there were keys, and no thought in it',
  async (trace) => {
    const model = createScriptedModel({ id: 'tiny', script: () => ({ thought, answer: '42' }) });
    const records = createMemoryRecords();
    const keys = createKeyStore({ records, now: Date.now });
    const { app, queue } = await createService(model, { records, keys });
    const headers = new Headers({ 'content-type': 'application/json' });
    const ask = (path: string, content?: object, name?: string) =>
      app.request(path, {
        headers: [...headers, ...(name === undefined ? [] : [['idempotency-key', name] as [string, string]])],
        ...(content && { method: 'POST', body: JSON.stringify(content) }),
      });
    const idOf = async (answer: globalThis.Response | Promise<globalThis.Response>) =>
      z.object({ id: z.string() }).parse(await (await answer).json()).id;
    const body = { input: 'a', reasoning: { ...reasoning, summary: 'detailed' }, include: ['reasoning.text'] };
    const waited = await idOf(ask('/v1/responses', body, 'waited'));
    const streamed = await (await ask('/v1/responses', { ...body, stream: true }, 'streamed')).text();
    const summarised = await idOf(ask('/v1/responses', { ...body, include: [] }, 'summarised'));
    const conversation = await idOf(ask('/v1/conversations', {}));
    await (await ask('/v1/responses', { ...body, conversation })).text();
    const requests = [{ custom_id: 'a', method: 'POST', url: '/v1/responses', body }];
    const batch = await idOf(ask('/v1/batches', { endpoint: '/v1/responses', requests }));
    await waitForEnd(queue, `${batch.replace('batch_', 'resp_')}_0`, {
      ms: 5_000,
      signal: new AbortController().signal,
    });
    expect(streamed).toContain(thought);

    headers.set('authorization', `Bearer ${(await keys.create({ name: 'first', scopes: [`trace:${trace}`] })).secret}`);
    for (const answer of [
      await ask(`/v1/responses/${waited}`),
      await ask(`/v1/responses/${waited}?wait=1`),
      await ask('/v1/responses'),
      await ask('/v1/responses', body, 'waited'),
      await ask(`/v1/conversations/${conversation}/items`),
      await ask(`/v1/conversations/${conversation}/export`),
      await ask(`/v1/files/${batch.replace('batch_', 'file-out_')}/content`),
    ]) {
      expect(answer.status).toBe(200);
      const text = await answer.text();
      expect(text).not.toContain('SECRET');
      expect(text.includes('detailed: think')).toBe(trace === 'summary');
    }
    expect((await ask('/v1/responses', { ...body, stream: true }, 'streamed')).status).toBe(403);
    const status = (await ask(`/v1/responses/${summarised}?stream=true`)).status;
    expect(status).toBe(trace === 'summary' ? 200 : 403);
  },
);

test('one of scope trace:full does', async () => {
  const { app, id } = await seenWith('full');
  expect(await (await app.request(`/v1/responses/${id}`)).text()).toContain('SECRET');
  expect(await (await app.request(`/v1/responses/${id}?stream=true`)).text()).toContain('SECRET');
});

test('a key of trace:none follows phase and tokens, and nothing else of the trace', async () => {
  const { app, id } = await seenWith('none');
  const trace = `/v1/responses/${id}/trace`;
  for (const query of ['', '?stream=true', '?only=progress'])
    expect((await app.request(trace + query)).status).toBe(403);
  const response = await app.request(`${trace}?stream=true&only=progress`);
  const { events, done } = await readEvents(response);
  expect(done).toBe(true);
  expect(events.length).toBeGreaterThan(1);
  for (const event of events)
    expect(event).toMatchObject({ type: 'progress', progress: { phase: expect.any(String) } });
  expect(JSON.stringify(events)).not.toContain('SECRET');
});

test('a key of trace:none that asks for a summary gets a warning in its place', async () => {
  const model = createScriptedModel({ id: 'tiny', script: () => ({ thought, answer: '42' }) });
  const { dependencies } = await createService(model);
  const answered = async (trace: KeyScopes['trace']) => {
    const app = new Hono<ApiEnvironment>();
    app.use(requestId());
    app.use(async function identify(c, after) {
      c.set('caller', { owner: null, scopes: { ...allScopes, trace } });
      await after();
    });
    app.route('/v1/responses', createResponsesRoutes(dependencies));
    const body = JSON.stringify({ input: 'a', reasoning: { ...reasoning, summary: 'auto' } });
    const headers = { 'content-type': 'application/json' };
    return Response.parse(await (await app.request('/v1/responses', { method: 'POST', headers, body })).json());
  };
  const hidden = await answered('none');
  expect(hidden.output.map(({ type }) => type)).toEqual(['message']);
  expect(hidden.warnings).toEqual([expect.objectContaining({ field: 'reasoning.summary' })]);
  const shown = await answered('summary');
  expect(shown.output.map(({ type }) => type)).toEqual(['reasoning', 'message']);
  expect(shown.warnings).toEqual([]);
});

test('a webhook check, which is sent discarded answers, needs a key that may see them', async () => {
  const { app: hidden } = await seenWith('none');
  const { app: shown } = await seenWith('summary');
  const ask = (app: typeof hidden, checks: object[]) =>
    app.request('/v1/responses', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ input: 'a', background: true, reasoning: { ...reasoning, checks } }),
    });
  const webhook = { type: 'webhook', url: 'https://checker.example/' };
  const refused = await ask(hidden, [{ type: 'arithmetic' }, webhook]);
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({ error: { code: 'insufficient_scope', param: 'reasoning.checks[1]' } });
  expect((await ask(hidden, [{ type: 'arithmetic' }])).status).toBe(200);
  expect((await ask(shown, [webhook])).status).toBe(200);
});
