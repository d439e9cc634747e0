import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { defaultLimits } from '../../../src/api/dependencies.ts';
import { Batch } from '../../../src/contracts/protocols/batch.ts';
import { ChatCompletion } from '../../../src/contracts/protocols/chat-completion.ts';
import { Response as ResponseObject } from '../../../src/contracts/responses/response.ts';
import { responseJob } from '../../../src/contracts/responses/response-job.ts';
import { ErrorEnvelope } from '../../../src/contracts/service/error-envelope.ts';
import { ServiceError } from '../../../src/contracts/service/service-error.ts';
import { catalog, createSemaphore } from './fixture.ts';
import { createKeyedApi } from './keyed-api.ts';

const errorOf = async (response: Response) => ErrorEnvelope.parse(await response.json()).error;
const idOf = async (response: Response) => ResponseObject.parse(await response.json()).id;
const background = { input: 'a', background: true, mode: 'fast', max_output_tokens: 20 };
/** What the scripted worker uses: 5 of input, 13 of output. */
const used = 18;
/** What `background` may use: a word of input, and what it asks for. */
const most = 21;

describe('requests per minute', () => {
  test('are counted for what is sent, shown in every answer, and refused beyond', async () => {
    const { as, create } = await createKeyedApi();
    const { secret } = await create({ requests_per_minute: 2 });
    const first = await as(secret, '/v1/responses', background);
    expect(first.headers.get('x-ratelimit-limit-requests')).toBe('2');
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('1');
    expect(first.headers.get('x-ratelimit-reset-requests')).toMatch(/^(1m0s|\d+s)$/);
    const id = await idOf(first);
    for (let count = 0; count < 3; count += 1) expect((await as(secret, `/v1/responses/${id}`)).status).toBe(200);
    expect((await as(secret, '/v1/responses', { nonsense: true })).status).toBe(400);
    const refused = await as(secret, '/v1/chat/completions', { model: 'tiny', messages: [] });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('x-should-retry')).toBeNull();
    expect((await errorOf(refused)).code).toBe('rate_limit_exceeded');
    expect((await as(secret, `/v1/responses/${id}/cancel`, {})).status).toBe(200);
    const message = await as(secret, '/v1/messages', {});
    expect(await message.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } });
  });

  test('are each key’s own', async () => {
    const { as, create } = await createKeyedApi();
    const [one, other] = [await create({ requests_per_minute: 1 }), await create()];
    expect((await as(one.secret, '/v1/responses', background)).status).toBe(200);
    expect((await as(one.secret, '/v1/responses', background)).status).toBe(429);
    const free = await as(other.secret, '/v1/responses', background);
    expect(free.status).toBe(200);
    expect(free.headers.get('x-ratelimit-limit-requests')).toBeNull();
  });
});

describe('responses at a time', () => {
  test('a place comes back when a response ends, and the next request has it', async () => {
    const gate = createSemaphore('begun');
    const { as, create } = await createKeyedApi({ script: { deltas: ['42'], gate: gate.gate } });
    const { secret } = await create({ concurrent_responses: 1 });
    const id = await idOf(await as(secret, '/v1/responses', background));
    const refused = await as(secret, '/v1/chat/completions', {
      model: 'tiny',
      messages: [{ role: 'user', content: 'a' }],
    });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await errorOf(refused)).toMatchObject({
      code: 'rate_limit_exceeded',
      message: expect.stringContaining('1'),
    });
    gate.open();
    await as(secret, `/v1/responses/${id}?wait=10`);
    expect((await as(secret, '/v1/responses', background)).status).toBe(200);
  });

  test('of requests that come together, as many as allowed are taken', async () => {
    const gate = createSemaphore('begun');
    const { as, create } = await createKeyedApi({ script: { deltas: ['42'], gate: gate.gate } });
    const { secret } = await create({ concurrent_responses: 3 });
    const answers = await Promise.all(Array.from({ length: 12 }, () => as(secret, '/v1/responses', background)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(9);
    gate.open();
  });

  test('a place stays a job’s whose acceptance the queue did not answer, and comes back when it has ended', async () => {
    const gate = createSemaphore('begun');
    const { as, create, queue, ledger } = await createKeyedApi({ script: { deltas: ['42'], gate: gate.gate } });
    const { secret, id: key } = await create({ concurrent_responses: 1, tokens_per_day: 1_000 });
    const add = queue.add;
    queue.add = async (job) => {
      await add(job);
      throw new ServiceError({ code: 'backend_unavailable', message: 'no answer' });
    };
    expect((await as(secret, '/v1/responses', background)).status).toBe(503);
    queue.add = add;
    expect((await as(secret, '/v1/responses', background)).status).toBe(429);
    gate.open();
    await expect.poll(async () => (await ledger.open(key)).size).toBe(0);
    const next = await as(secret, '/v1/responses', background);
    expect(next.headers.get('x-ratelimit-remaining-tokens')).toBe(String(1_000 - used - most));
  });

  test('a place that the queue did not answer for is given back where no job came of it', async () => {
    const { as, create, queue, clock } = await createKeyedApi();
    const { secret } = await create({ concurrent_responses: 1, tokens_per_day: most });
    const add = queue.add;
    queue.add = async () => {
      throw new ServiceError({ code: 'backend_unavailable', message: 'no answer' });
    };
    expect((await as(secret, '/v1/responses', background)).status).toBe(503);
    queue.add = add;
    expect((await as(secret, '/v1/responses', background)).status).toBe(429);
    clock.ms += 61_000;
    expect((await as(secret, '/v1/responses', background)).status).toBe(200);
  });

  test('one that is cancelled while it waits gives its place back', async () => {
    const { as, create } = await createKeyedApi();
    const { secret } = await create({ concurrent_responses: 1 });
    const id = await idOf(await as(secret, '/v1/responses', background));
    expect((await as(secret, '/v1/responses', background)).status).toBe(429);
    expect((await as(secret, `/v1/responses/${id}/cancel`, {})).status).toBe(200);
    expect((await as(secret, '/v1/responses', background)).status).toBe(200);
  });

  test('a request for two answers that is refused leaves nothing, and is answered in full when it is sent again', async () => {
    const gate = createSemaphore('begun');
    const { as, create, queue } = await createKeyedApi({ script: { deltas: ['42'], gate: gate.gate } });
    const { secret } = await create({ concurrent_responses: 2 });
    const other = await idOf(await as(secret, '/v1/responses', background));
    const chat = { model: 'tiny', messages: [{ role: 'user', content: 'a' }], mode: 'fast', n: 2 };
    const send = () => as(secret, '/v1/chat/completions', chat, { headers: { 'idempotency-key': 'k' } });
    expect((await send()).status).toBe(429);
    expect((await queue.list({ owner: null, limit: 10 })).jobs.map(({ job }) => job.id)).toEqual([other]);
    gate.open();
    await as(secret, `/v1/responses/${other}?wait=10`);
    const answer = await send();
    expect(answer.status).toBe(200);
    const { choices } = ChatCompletion.parse(await answer.json());
    expect(choices.map(({ message }) => message.content)).toEqual(['42', '42']);
  });

  test('a place whose API died is found again', async () => {
    const gate = createSemaphore('begun');
    const { as, create, ledger, clock } = await createKeyedApi({ script: { deltas: ['42'], gate: gate.gate } });
    const { secret, id: key } = await create({ concurrent_responses: 1 });
    // As an API leaves it that is killed between reserving and queueing.
    await ledger.reserve(
      key,
      { id: 'resp_lost', tokens: 1, batch: false },
      { concurrent_responses: 1, tokens_per_day: null },
    );
    expect((await as(secret, '/v1/responses', background)).status).toBe(429);
    clock.ms += 61_000;
    expect((await as(secret, '/v1/responses', background)).status).toBe(200);
    gate.open();
  });
});

describe('tokens per day', () => {
  test.each(['/v1/embeddings', '/api/embed'])(
    'those of %s count, and none are made without a token left',
    async (path) => {
      const made: unknown[] = [];
      const embed = async (_id: string, asked: unknown) => {
        made.push(asked);
        const data = [{ object: 'embedding', index: 0, embedding: [1] }];
        return { data, usage: { prompt_tokens: most, total_tokens: most } };
      };
      const { as, create } = await createKeyedApi({ overrides: { catalog: { ...catalog, embed } } });
      const { secret } = await create({ tokens_per_day: most });
      const asked = { model: 'tiny', input: ['a b c'] };
      expect((await as(secret, path, asked)).status).toBe(200);
      expect((await as(secret, path, asked)).status).toBe(429);
      expect(made).toHaveLength(1);
      expect((await as(secret, '/v1/responses', background)).status).toBe(429);
    },
  );

  test('two requests with one Idempotency-Key at once: the queue refuses the first, and the other’s tokens are booked', async () => {
    const { as, create, queue, ledger } = await createKeyedApi();
    const { secret, id: key } = await create({ tokens_per_day: 1_000 });
    const { add } = queue;
    queue.add = async () => {
      queue.add = add;
      // The second request comes as far as it can.
      for (let turn = 0; turn < 20; turn += 1) await setImmediate();
      throw new ServiceError({ code: 'queue_full', message: 'full', retryAfterSeconds: 1 });
    };
    const send = (max_output_tokens: number) =>
      as(secret, '/v1/responses', { ...background, max_output_tokens }, { headers: { 'idempotency-key': 'k' } });
    const [first, second] = await Promise.all([send(20), send(200)]);
    expect([first.status, second.status]).toEqual([429, 200]);
    const id = await idOf(second);
    expect((await ledger.open(key)).get(id)?.tokens).toBe(201);
    await as(secret, `/v1/responses/${id}/cancel`, {});
    await expect.poll(async () => (await ledger.open(key)).size).toBe(0);
  });

  test('what was really used is booked; what a request may use is kept meanwhile', async () => {
    const { as, create } = await createKeyedApi({ script: { deltas: ['42'] } });
    const { secret } = await create({ tokens_per_day: most + used });
    const first = await as(secret, '/v1/responses', { ...background, background: false });
    expect(first.headers.get('x-ratelimit-limit-tokens')).toBe(String(most + used));
    expect(first.headers.get('x-ratelimit-remaining-tokens')).toBe(String(used));
    expect(first.headers.get('x-ratelimit-reset-tokens')).toBe('12h0m0s');
    expect(ResponseObject.parse(await first.json()).usage?.total_tokens).toBe(used);
    expect((await as(secret, '/v1/responses', { ...background, background: false })).status).toBe(200);
    const refused = await as(secret, '/v1/responses', background);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('x-should-retry')).toBe('false');
    expect(refused.headers.get('retry-after')).toBe('43200');
    const { code, message } = await errorOf(refused);
    expect(code).toBe('quota_exceeded');
    expect(message).toContain(`up to ${most} tokens`);
    expect(message).toContain(`${most + used} tokens per day`);
  });

  test('what is only counted is booked as well', async () => {
    const { as, create } = await createKeyedApi();
    const { secret } = await create({ tokens_per_day: 5, concurrent_responses: 1 });
    const counted = { model: 'tiny', input: 'one two three' };
    const asked = { model: 'tiny', messages: [{ role: 'user', content: 'one two three' }] };
    expect(await (await as(secret, '/v1/responses/input_tokens', counted)).json()).toMatchObject({ input_tokens: 3 });
    const refused = await as(secret, '/v1/messages/count_tokens', asked);
    expect([refused.status, refused.headers.get('x-should-retry')]).toEqual([429, 'false']);
    expect(
      (await as(secret, '/v1/messages/count_tokens', { ...asked, messages: [{ role: 'user', content: 'a' }] })).status,
    ).toBe(200);
  });

  test('a new day begins anew', async () => {
    const { as, create, clock } = await createKeyedApi({ script: { deltas: ['42'] } });
    const { secret } = await create({ tokens_per_day: most });
    expect((await as(secret, '/v1/responses', { ...background, background: false })).status).toBe(200);
    expect((await as(secret, '/v1/responses', background)).status).toBe(429);
    clock.ms += 12 * 3_600_000;
    expect((await as(secret, '/v1/responses', background)).status).toBe(200);
  });

  test('requests side by side can’t overrun it', async () => {
    const gate = createSemaphore('begun');
    const { as, create } = await createKeyedApi({ script: { deltas: ['42'], gate: gate.gate } });
    const { secret } = await create({ tokens_per_day: 5 * most });
    const answers = await Promise.all(Array.from({ length: 20 }, () => as(secret, '/v1/responses', background)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
    gate.open();
  });

  test('deleting a response gives back nothing of what it used', async () => {
    const { as, create } = await createKeyedApi({ script: { deltas: ['42'] } });
    const { secret } = await create({ tokens_per_day: most + used - 1 });
    const id = await idOf(await as(secret, '/v1/responses', { ...background, background: false }));
    expect((await as(secret, `/v1/responses/${id}`, undefined, { method: 'DELETE' })).status).toBe(200);
    expect((await as(secret, '/v1/responses', background)).status).toBe(429);
  });

  test('deleting one that runs stops it, and what it had reserved stays spent where nobody knows better', async () => {
    const stuck = () => new Promise<void>(() => undefined);
    const { as, create, clock } = await createKeyedApi({
      script: { deltas: ['42'], gate: stuck },
      overrides: { limits: { ...defaultLimits, cancelWaitMs: 0 } },
    });
    const { secret } = await create({ tokens_per_day: 2 * most - 1 });
    const id = await idOf(await as(secret, '/v1/responses', background));
    expect((await as(secret, `/v1/responses/${id}`, undefined, { method: 'DELETE' })).status).toBe(200);
    clock.ms += 61_000;
    expect((await as(secret, '/v1/responses', background)).status).toBe(429);
  });

  test('a response that is there already is not booked twice', async () => {
    const { as, create, ledger } = await createKeyedApi({ script: { deltas: ['42'] } });
    const { secret, id } = await create({ tokens_per_day: 1_000 });
    const again = { headers: { 'idempotency-key': 'one' } };
    for (let count = 0; count < 3; count += 1) {
      await as(secret, '/v1/responses', { ...background, background: false }, again);
      await expect.poll(async () => (await ledger.open(id)).size).toBe(0);
    }
    const next = await as(secret, '/v1/responses', background);
    expect(next.headers.get('x-ratelimit-remaining-tokens')).toBe(String(1_000 - used - most));
  });

  test('it is booked as soon as a response has ended, whoever reads it', async () => {
    const { as, create, ledger } = await createKeyedApi({ script: { deltas: ['42'] } });
    const { secret, id } = await create({ tokens_per_day: 1_000 });
    await as(secret, '/v1/responses', background);
    await expect.poll(async () => (await ledger.open(id)).size).toBe(0);
    const next = await as(secret, '/v1/responses', background);
    expect(next.headers.get('x-ratelimit-remaining-tokens')).toBe(String(1_000 - used - most));
  });

  test('a queue that takes nothing costs nothing', async () => {
    const { as, create, queue } = await createKeyedApi();
    const { secret } = await create({ tokens_per_day: most });
    const add = queue.add;
    queue.add = async () => {
      throw new Error('away');
    };
    expect((await as(secret, '/v1/responses', background)).status).toBe(500);
    queue.add = add;
    expect((await as(secret, '/v1/responses', background)).status).toBe(200);
  });

  const finishedBatch = async (api: Awaited<ReturnType<typeof createKeyedApi>>, secret: string) => {
    const { background: _background, ...body } = background;
    const requests = ['a', 'b'].map((custom_id) => ({ custom_id, body: { ...body, store: false } }));
    const made = await api.as(secret, '/v1/batches', { endpoint: '/v1/responses', requests });
    const { id } = Batch.parse(await made.json());
    const batch = async () => (await api.as(secret, `/v1/batches/${id}`)).json();
    await expect.poll(batch).toMatchObject({ status: 'completed' });
  };

  test('the places of a batch that has ended are given back, though no limit is reached', async () => {
    const api = await createKeyedApi({ script: { deltas: ['42'] } });
    const { secret, id } = await api.create({ tokens_per_day: 1_000 });
    await finishedBatch(api, secret);
    await api.as(secret, '/v1/responses', { ...background, background: false });
    await expect.poll(async () => (await api.ledger.open(id)).size).toBe(2);
    api.clock.ms += 301_000;
    await api.as(secret, '/v1/responses', { ...background, background: false });
    await expect.poll(async () => (await api.ledger.open(id)).size).toBe(0);
    const next = await api.as(secret, '/v1/responses', background);
    expect(next.headers.get('x-ratelimit-remaining-tokens')).toBe(String(1_000 - 4 * used - most));
  });

  test('a batch whose responses are gone before they were booked is not free', async () => {
    const api = await createKeyedApi({ script: { deltas: ['42'] } });
    const { secret, id } = await api.create({ tokens_per_day: 2 * most });
    await finishedBatch(api, secret);
    for (const response of (await api.ledger.open(id)).keys()) await api.queue.remove(response);
    api.clock.ms += 61_000;
    expect((await api.as(secret, '/v1/responses', background)).status).toBe(429);
  });

  test('requests of a batch that don’t fit are refused by themselves, and the others run', async () => {
    const { as, create } = await createKeyedApi({ script: { deltas: ['42'] } });
    const { secret } = await create({ tokens_per_day: 2 * most, concurrent_responses: 1 });
    const { background: _background, ...body } = background;
    const requests = ['a', 'b', 'c'].map((custom_id) => ({ custom_id, body }));
    const batch = await as(secret, '/v1/batches', { endpoint: '/v1/responses', requests });
    expect(batch.status).toBe(200);
    const view = await batch.json();
    expect(view).toMatchObject({ request_counts: { total: 3, failed: 1 } });
  });
});

const { background: _background, ...waiting } = background;
const messages = [{ role: 'user', content: 'a' }];

describe.each([
  ['/v1/responses', waiting],
  ['/v1/chat/completions', { model: 'tiny', messages, mode: 'fast', max_tokens: 20 }],
])('a request to %s that is made again with its Idempotency-Key', (path, body) => {
  const named = { headers: { 'idempotency-key': 'k' } };
  const other = JSON.parse(JSON.stringify(body).replace('"a"', '"b"'));

  test.each([{ requests_per_minute: 1 }, { concurrent_responses: 1 }, { tokens_per_day: most }])(
    'gets its response, running or ended, at the limit: %j',
    async (limit) => {
      const gate = createSemaphore('begun');
      const { as, create, queue } = await createKeyedApi({ script: { deltas: ['42'], gate: gate.gate } });
      const { secret } = await create(limit);
      const first = as(secret, path, body, named);
      await gate.reached;
      const again = as(secret, path, body, named);
      const different = await as(secret, path, other, named);
      expect([different.status, different.headers.get('x-should-retry')]).toEqual([409, 'false']);
      gate.open();
      const text = await (await first).text();
      expect([(await again).status, await (await again).text()]).toEqual([200, text]);
      const ended = await as(secret, path, body, named);
      expect([ended.status, await ended.text()]).toEqual([200, text]);
      expect((await queue.list({ owner: null, limit: 10 })).jobs).toHaveLength(1);
    },
  );

  test('does not count as a request; all others with a key do, and a refused one is not queued', async () => {
    const { as, create, queue } = await createKeyedApi({ script: { deltas: ['42'] } });
    const { secret } = await create({ requests_per_minute: 3 });
    const send = (key: string, sent: unknown) => as(secret, path, sent, { headers: { 'idempotency-key': key } });
    const counted = await send('k', body);
    expect(counted.headers.get('x-ratelimit-remaining-requests')).toBe('2');
    expect((await send('k', body)).headers.get('x-ratelimit-limit-requests')).toBeNull();
    expect((await send('k', other)).headers.get('x-ratelimit-remaining-requests')).toBe('1');
    const invalid = await send('l', { nonsense: true });
    expect([invalid.status, invalid.headers.get('x-ratelimit-remaining-requests')]).toEqual([400, '0']);
    const refused = await send('l', body);
    expect([refused.status, (await errorOf(refused)).code]).toEqual([429, 'rate_limit_exceeded']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await queue.list({ owner: null, limit: 10 })).jobs).toHaveLength(1);
    expect((await send('k', body)).status).toBe(200);
  });

  test('is a request of its own for another owner', async () => {
    const { as, create, queue } = await createKeyedApi({ script: { deltas: ['42'] } });
    const [one, two] = [await create(), await create({ requests_per_minute: 1 })];
    await as(one.secret, path, body, named);
    expect((await as(two.secret, path, body)).status).toBe(200);
    expect((await as(two.secret, path, body, named)).status).toBe(429);
    const three = await create();
    expect((await as(three.secret, path, body, named)).status).toBe(200);
    expect((await queue.list({ owner: three.id, limit: 10 })).jobs).toHaveLength(1);
  });

  test('is a new request if the client of the first one was lost', async () => {
    const gate = createSemaphore('begun');
    const { as, create, queue } = await createKeyedApi({ script: { deltas: ['42'], gate: gate.gate } });
    const { secret } = await create({ requests_per_minute: 1 });
    const client = new AbortController();
    const first = as(secret, path, body, { ...named, signal: client.signal });
    await gate.reached;
    client.abort();
    await first;
    const statuses = async () => (await queue.list({ owner: null, limit: 10 })).jobs.map(({ status }) => status);
    await expect.poll(statuses).toEqual(['cancelled']);
    gate.open();
    expect((await as(secret, path, body, named)).status).toBe(429);
    expect(await statuses()).toEqual(['cancelled']);
  });

  test.each([{ concurrent_responses: 1 }, { tokens_per_day: most + used - 1 }])(
    'gets the response that was made while this one was accepted, at the limit: %j',
    async (limit) => {
      const gate = createSemaphore('begun');
      const { as, create, queue } = await createKeyedApi({
        script: {
          deltas: ['42'],
          gate: async (name, lease) => {
            if (responseJob(lease.job).background) await gate.gate(name, lease);
          },
        },
      });
      const { secret } = await create(limit);
      const text = await (await as(secret, path, body, named)).text();
      if ('concurrent_responses' in limit) await as(secret, '/v1/responses', background);
      const { get } = queue;
      // When it is looked up first, the response is not there yet.
      queue.get = async () => {
        queue.get = get;
        return undefined;
      };
      const again = await as(secret, path, body, named);
      expect([again.status, await again.text()]).toEqual([200, text]);
      gate.open();
    },
  );
});

test('answers that are added to a repeated request count as one request', async () => {
  const { as, create } = await createKeyedApi({ script: { deltas: ['42'] } });
  const { secret } = await create({ requests_per_minute: 2 });
  const send = (n: number) =>
    as(
      secret,
      '/v1/chat/completions',
      { model: 'tiny', messages, mode: 'fast', max_tokens: 20, n },
      {
        headers: { 'idempotency-key': 'k' },
      },
    );
  expect((await send(1)).headers.get('x-ratelimit-remaining-requests')).toBe('1');
  expect((await send(3)).headers.get('x-ratelimit-remaining-requests')).toBe('0');
  expect((await send(4)).status).toBe(429);
  expect((await send(3)).status).toBe(200);
});
