import { describe, expect, test } from 'vitest';
import { Response as ResponseObject } from '../../../src/contracts/responses/response.ts';
import { ResponseList } from '../../../src/contracts/service/listings.ts';
import { createApi, createSemaphore, createWorkingApi, readEvents } from './fixture.ts';

const body = async (response: Response) => ResponseObject.parse(await response.json());

describe('cancel', () => {
  test('ends a queued response, twice with the same answer', async () => {
    const { app, ask, post } = createApi();
    await ask({ input: 'a', background: true });
    const first = await body(await post('/v1/responses/resp_0000/cancel'));
    expect(first).toMatchObject({ status: 'cancelled', usage: { total_tokens: 0 }, progress: null });
    expect(await body(await post('/v1/responses/resp_0000/cancel'))).toEqual(first);
    expect(await body(await app.request('/v1/responses/resp_0000'))).toEqual(first);
  });

  test('ends a running response with the text and the usage that were there, and its stream with incomplete', async () => {
    const gate = createSemaphore('two');
    const { ask, post } = await createWorkingApi({ deltas: ['one', 'two'], gate: gate.gate });
    const stream = readEvents(await ask({ input: 'a', stream: true, background: true }));
    await gate.reached;
    expect(await body(await post('/v1/responses/resp_0000/cancel'))).toMatchObject({
      status: 'cancelled',
      output_text: 'one',
      output: [{ status: 'incomplete' }],
      usage: { output_tokens: 13 },
    });
    expect((await stream).events.at(-1)).toMatchObject({
      type: 'response.incomplete',
      response: { status: 'cancelled' },
    });
  });

  test('leaves a completed response as it is', async () => {
    const { ask, post } = await createWorkingApi();
    const done = await body(await ask({ input: 'a' }));
    expect(await body(await post(`/v1/responses/${done.id}/cancel`))).toEqual(done);
  });
});

describe('answer_now', () => {
  test('reaches the running response', async () => {
    const gate = createSemaphore('thought');
    let asked = false;
    const { ask, post } = await createWorkingApi({
      deltas: ['x'],
      gate: async (name, lease) => {
        lease.answerNow.addEventListener('abort', () => {
          asked = true;
        });
        await gate.gate(name, lease);
      },
    });
    await ask({ input: 'a', background: true });
    await gate.reached;
    expect((await post('/v1/responses/resp_0000/answer_now')).status).toBe(200);
    expect(asked).toBe(true);
    gate.open();
  });

  test('is a conflict while queued, and where no answer will come', async () => {
    const { ask, post } = createApi();
    await ask({ input: 'a', background: true });
    const queued = await post('/v1/responses/resp_0000/answer_now');
    expect(queued.status).toBe(409);
    await post('/v1/responses/resp_0000/cancel');
    const cancelled = await post('/v1/responses/resp_0000/answer_now');
    expect(cancelled.status).toBe(409);
    expect(cancelled.headers.get('x-should-retry')).toBe('false');
  });

  test('gives the answer that there is by now', async () => {
    const { ask, post } = await createWorkingApi();
    const done = await body(await ask({ input: 'a' }));
    expect(await body(await post(`/v1/responses/${done.id}/answer_now`))).toEqual(done);
  });
});

test('a response that waits past its deadline ends, whether somebody waits for it or not', async () => {
  const { app, ask } = createApi();
  const late = { input: 'a', reasoning: { deadline_ms: 20 } };
  const end = { status: 'incomplete', incomplete_details: { reason: 'deadline' }, output_text: '' };
  expect(await body(await ask(late))).toMatchObject(end);
  await ask({ ...late, background: true });
  expect(await body(await app.request('/v1/responses/resp_0001?wait=10'))).toMatchObject(end);
});

test('DELETE removes, and cancels what runs', async () => {
  const gate = createSemaphore('thought');
  const { app, ask } = await createWorkingApi({ deltas: ['x'], gate: gate.gate });
  await ask({ input: 'a', background: true });
  await gate.reached;
  const deleted = await app.request('/v1/responses/resp_0000', { method: 'DELETE' });
  expect(await deleted.json()).toEqual({ id: 'resp_0000', object: 'response', deleted: true });
  expect((await app.request('/v1/responses/resp_0000')).status).toBe(404);
  expect((await app.request('/v1/responses/resp_0000', { method: 'DELETE' })).status).toBe(404);
});

test('DELETE ends the deliveries of its webhook', async () => {
  const forgotten: string[] = [];
  const { app, ask } = createApi({
    webhooks: {
      settings: {
        shared: false,
        of: async () => ({ url: 'https://example.org/hook', secret: 'whsec_' }),
        set: async () => {},
        rotate: async () => {},
      },
      deliveries: {
        of: async () => [],
        list: async () => ({ data: [], hasMore: false }),
        forget: async (id) => void forgotten.push(id),
      },
      refusal: () => undefined,
    },
  });
  await ask({ input: 'a', background: true });
  expect((await app.request('/v1/responses/resp_0000', { method: 'DELETE' })).status).toBe(200);
  expect(forgotten).toEqual(['resp_0000']);
});

test('the list is newest first, in pages, by status', async () => {
  const { app, ask, post } = createApi();
  for (let count = 0; count < 5; count += 1) await ask({ input: 'a', background: true });
  await post('/v1/responses/resp_0003/cancel');
  const list = async (query: string) => ResponseList.parse(await (await app.request(`/v1/responses${query}`)).json());
  const first = await list('?limit=2');
  expect(first).toMatchObject({ first_id: 'resp_0004', last_id: 'resp_0003', has_more: true });
  const rest = await list(`?limit=10&after=${first.last_id}`);
  expect(rest.data.map(({ id }) => id)).toEqual(['resp_0002', 'resp_0001', 'resp_0000']);
  expect(rest.has_more).toBe(false);
  expect(rest.data.map((one) => one.input_preview)).toEqual(['a', 'a', 'a']);
  expect((await list('?status=cancelled')).data.map(({ id }) => id)).toEqual(['resp_0003']);
  expect(await list('?status=failed')).toMatchObject({ data: [], first_id: null, last_id: null });
});

test('a response of another owner is not there', async () => {
  const { app, ask, queue } = createApi();
  await ask({ input: 'a', background: true });
  const job = (await queue.get('resp_0000'))?.job;
  if (job) await queue.add({ ...job, id: 'resp_theirs', owner: 'key_1' });
  for (const path of ['', '/trace', '?stream=true']) {
    expect((await app.request(`/v1/responses/resp_theirs${path}`)).status).toBe(404);
  }
  expect((await app.request('/v1/responses/resp_theirs', { method: 'DELETE' })).status).toBe(404);
});
