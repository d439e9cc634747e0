import { describe, expect, test } from 'vitest';
import { createWebhookSettings } from '../../../src/store/webhook-settings.ts';
import { createMemoryRecords } from '../../support/memory-records.ts';
import { createApi, sealer } from './fixture.ts';
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

/** An upload that names itself by a key; each has a boundary of its own. */
async function upload(api: ReturnType<typeof createApi>, text: string, name = 'in.jsonl') {
  const form = new FormData();
  form.set('purpose', 'batch');
  form.set('file', new File([text], name));
  const headers = { 'idempotency-key': 'k' };
  const answer = await api.app.request('/v1/files', { method: 'POST', headers, body: form });
  return { status: answer.status, text: await answer.text() };
}

test('forms are compared by what they hold: another file of the same length is another', async () => {
  const api = createApi();
  const one = await upload(api, '{"a":1}');
  expect(one.status).toBe(200);
  expect(await upload(api, '{"a":1}')).toEqual(one);
  expect((await upload(api, '{"a":2}')).status).toBe(409);
  expect((await upload(api, '{"a":1}', 'on.jsonl')).status).toBe(409);
});

describe('what was made, and its answer not kept, is made no second time', () => {
  /** Answers are not kept while `broken`; each look at the clock is a minute later. */
  function createBreaking() {
    const kept = createMemoryRecords();
    const state = { broken: true };
    const records: typeof kept = {
      ...kept,
      async set(key, value) {
        if (state.broken && typeof value === 'object' && value !== null && 'sealed' in value) throw new Error('away');
        await kept.set(key, value);
      },
    };
    let minutes = 0;
    const now = () => 1_700_000_000_500 + 60_000 * minutes++;
    const settings = createWebhookSettings({ records, sealer, given: undefined, now });
    const deliveries = { of: async () => [], list: async () => ({ data: [], hasMore: false }), forget: async () => {} };
    const webhooks = { settings, deliveries, refusal: () => undefined };
    const api = createApi({ records, now, webhooks });
    /** Fails, then is made again with the same key: the second answer. */
    const twice = async (path: string, body: unknown) => {
      state.broken = true;
      expect((await post(api, path, body)).status).toBe(500);
      expect((await post(api, path, 'another body')).status).toBe(409);
      state.broken = false;
      const again = await post(api, path, body);
      expect([again.status, again.text]).toEqual([200, expect.anything()]);
      expect(await post(api, path, body)).toEqual(again);
      return JSON.parse(again.text);
    };
    const get = async (path: string) => (await api.app.request(path)).text();
    return { api, settings, twice, get };
  }

  test('items of a conversation', async () => {
    const { twice, get } = createBreaking();
    const { id } = await twice('/v1/conversations', {});
    const items = [{ role: 'user', content: 'a' }];
    const added = await twice(`/v1/conversations/${id}/items`, { items });
    expect(JSON.parse(await get(`/v1/conversations/${id}/items?order=asc`)).data).toEqual(added.data);
    expect(added.data).toHaveLength(1);
  });

  test('feedback', async () => {
    const { api, twice, get } = createBreaking();
    await api.queue.consume({ concurrency: 1, models: ['tiny'] }, scriptedWorker({ deltas: ['42'] }));
    await api.ask({ input: 'a' });
    const given = await twice('/v1/responses/resp_0000/feedback', { rating: 'up' });
    expect(
      (await get('/v1/feedback'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([given]);
  });

  test('a webhook’s secret', async () => {
    const { twice, settings } = createBreaking();
    const first = (await settings.of(null)).secret;
    const { secret } = await twice('/v1/webhook/rotate', {});
    expect(secret).not.toBe(first);
    // The one before the rotation still signs.
    expect(await settings.secrets(null)).toEqual([secret, first]);
  });
});
