import { describe, expect, test } from 'vitest';
import { createApi } from './fixture.ts';
import { scriptedWorker } from './scripted-worker.ts';

/** A POST that names itself by a key. */
async function post(api: ReturnType<typeof createApi>, path: string, body: unknown, key = 'k') {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key };
  const answer = await api.app.request(path, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, text, retry: answer.headers.get('x-should-retry') };
}

describe('Idempotency-Key', () => {
  test.each([
    ['/v1/conversations', { metadata: { a: 'b' } }, { metadata: { a: 'c' } }],
    [
      '/v1/batches',
      { endpoint: '/v1/responses', requests: [{ custom_id: 'a', body: { input: 'a', mode: 'fast' } }] },
      { endpoint: '/v1/responses', requests: [{ custom_id: 'a', body: { input: 'b', mode: 'fast' } }] },
    ],
  ])('makes one thing of two equal requests to %s, and refuses another body', async (path, body, other) => {
    const api = createApi();
    const [one, two] = await Promise.all([post(api, path, body), post(api, path, body)]);
    expect(one.status, one.text).toBe(200);
    expect(two.text).toBe(one.text);
    expect(await post(api, path, other)).toMatchObject({ status: 409, retry: 'false' });
    expect((await post(api, path, body, 'another')).text).not.toBe(one.text);
  });

  test('makes one job of two equal chat completions', async () => {
    const api = createApi();
    await api.queue.consume({ concurrency: 1, models: ['tiny'] }, scriptedWorker({ deltas: ['42'] }));
    const body = { model: 'tiny', messages: [{ role: 'user', content: 'a' }] };
    const [one, two] = [await post(api, '/v1/chat/completions', body), await post(api, '/v1/chat/completions', body)];
    expect(one.status, one.text).toBe(200);
    expect(two.text).toBe(one.text);
    expect((await api.queue.list({ owner: null, limit: 10 })).jobs).toHaveLength(1);
    const other = { ...body, messages: [{ role: 'user', content: 'b' }] };
    expect(await post(api, '/v1/chat/completions', other)).toMatchObject({ status: 409 });
  });

  test('a failed request may be made again', async () => {
    const api = createApi();
    expect((await post(api, '/v1/conversations', { items: 7 })).status).toBe(400);
    expect((await post(api, '/v1/conversations', {})).status).toBe(200);
  });
});
