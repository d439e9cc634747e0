import { describe, expect, test } from 'vitest';
import { defaultLimits } from '../../../src/api/dependencies.ts';
import { responseJob } from '../../../src/contracts/responses/response-job.ts';
import { ServiceError } from '../../../src/contracts/service/service-error.ts';
import { sweepRecords } from '../../../src/maintenance/sweep-records.ts';
import { createSemaphore, createWorkingApi } from './fixture.ts';

const asked = { model: 'tiny', input: 'a' };
const chat = { model: 'tiny', messages: [{ role: 'user', content: 'a' }], max_tokens: 64 };

const streams = (body: object) => Reflect.get(body, 'stream') === true;

/** An API whose worker stops in the midst of each thought until `open`, and requests that name themselves by one key. */
async function createRepeating(overrides: Parameters<typeof createWorkingApi>[1] = {}) {
  const gate = createSemaphore('thought');
  const api = await createWorkingApi({ deltas: ['42'], gate: gate.gate }, overrides);
  const send = (path: string, body: object, signal?: AbortSignal) =>
    Promise.resolve(
      api.app.request(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'k' },
        body: JSON.stringify(body),
        ...(signal && { signal }),
      }),
    );
  /** Sends a request, and waits until the worker thinks. What it gives loses the client's connection. */
  const connect = async (path: string, body: object) => {
    const client = new AbortController();
    const answer = send(path, body, client.signal);
    const stream = streams(body) ? (await answer).body?.getReader() : undefined;
    await stream?.read();
    await gate.reached;
    return async () => {
      client.abort();
      await stream?.cancel();
      await answer;
    };
  };
  const jobs = async () => (await api.queue.list({ owner: null, limit: 10 })).jobs.toReversed();
  const statuses = async () => (await jobs()).map(({ status }) => status);
  const { records } = api.dependencies;
  /** How many requests wait for each response, where more than the first one did. */
  const readers = async () =>
    Promise.all((await records.keys('readers')).map(async (key) => Object(await records.get(key)).waiting));
  return { ...api, gate, send, connect, jobs, statuses, readers };
}

test.each([
  ['/v1/responses', asked],
  ['/v1/responses', { ...asked, stream: true }],
  ['/v1/chat/completions', chat],
  ['/v1/chat/completions', { ...chat, stream: true }],
  ['/v1/completions', { model: 'tiny', prompt: 'a' }],
  ['/v1/messages', chat],
  ['/v1/messages', { ...chat, stream: true }],
  ['/api/chat', { ...chat, stream: false }],
])('a request to %s whose connection was lost is answered when it is made again: %j', async (path, body) => {
  const { send, connect, statuses, gate } = await createRepeating();
  const lose = await connect(path, body);
  await lose();
  await expect.poll(statuses).toEqual(['cancelled']);
  gate.open();
  const again = await send(path, body);
  expect(again.status).toBe(200);
  const text = await again.text();
  expect(text).toContain('42');
  expect(await statuses()).toEqual(['cancelled', 'completed']);
  // And from then on that answer is the key's.
  if (!streams(body)) expect(await (await send(path, body)).text()).toBe(text);
  const other = JSON.parse(JSON.stringify(body).replace('"a"', '"b"'));
  expect((await send(path, other)).status).toBe(409);
  expect(await statuses()).toEqual(['cancelled', 'completed']);
});

describe('a request that is made again', () => {
  test('gets what the run after a loss gave, also if the lost response ends later', async () => {
    const { send, connect, statuses, queue, gate } = await createRepeating();
    // The process dies before it cancels.
    queue.control = async () => 'accepted';
    const lose = await connect('/v1/responses', asked);
    await lose();
    const again = send('/v1/responses', asked);
    await expect.poll(statuses).toEqual(['in_progress', 'in_progress']);
    gate.open();
    const given = await (await again).json();
    expect(await statuses()).toEqual(['completed', 'completed']);
    expect(await (await send('/v1/responses', asked)).json()).toEqual(given);
  });

  test('finds its response cancelled where the connection was lost during a long wait', async () => {
    const kept: Promise<unknown>[] = [];
    const limits = { ...defaultLimits, keepAliveMs: 1 };
    const { send, statuses, gate } = await createRepeating({ limits, keepOpen: (work) => kept.push(work) });
    const waiting = (await send('/v1/responses', asked)).body?.getReader();
    await waiting?.read();
    await waiting?.cancel();
    // From here on the edge closes its connection, unless there is work to wait for.
    for (let settled = 0; settled < kept.length; settled += 1) await kept[settled];
    expect(kept).toHaveLength(2);
    await expect.poll(statuses).toEqual(['cancelled']);
    gate.open();
  });

  test('is not changed by a cancel of the response that was lost', async () => {
    const { send, connect, post, jobs, statuses, gate } = await createRepeating();
    const lose = await connect('/v1/responses', asked);
    await lose();
    await expect.poll(statuses).toEqual(['cancelled']);
    gate.open();
    const given = await (await send('/v1/responses', asked)).json();
    await post(`/v1/responses/${(await jobs())[0]?.job.id}/cancel`);
    expect(await (await send('/v1/responses', asked)).json()).toEqual(given);
  });

  test.each([
    ['/v1/responses', asked, 200],
    // It is to be made once more.
    ['/v1/chat/completions', chat, 409],
  ])('while it is accepted and lost once more is answered: %s', async (path, body, status) => {
    const { send, connect, statuses, queue, gate } = await createRepeating();
    const { add } = queue;
    queue.add = async (job) => {
      queue.add = add;
      const lose = await connect(path, body);
      await lose();
      await expect.poll(statuses).toEqual(['cancelled']);
      gate.open();
      return add(job);
    };
    const answer = await send(path, body);
    expect(answer.status).toBe(status);
    expect(await (status === 200 ? answer : await send(path, body)).text()).toContain('42');
    expect(await statuses()).toEqual(['cancelled', 'completed']);
  });

  test.each([
    ['/v1/responses', asked, { ...asked, input: 'b' }],
    ['/v1/chat/completions', chat, { ...chat, messages: [{ role: 'user', content: 'b' }] }],
  ])('with another body at the same moment is refused: %s', async (path, body, other) => {
    const { send, statuses, gate } = await createRepeating();
    gate.open();
    const answers = await Promise.all([send(path, body), send(path, other)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    expect(await statuses()).toEqual(['completed']);
  });

  test('and refused does not count as waiting', async () => {
    const anonymous = { trace: 'full' as const, feedback: true, admin: false, tools: false };
    const { send, connect, readers, gate } = await createRepeating({ anonymous });
    const body = { ...asked, stream: true, include: ['reasoning.text'] };
    await connect('/v1/responses', body);
    Object.assign(anonymous, { trace: 'none' });
    expect((await send('/v1/responses', body)).status).toBe(403);
    await expect.poll(readers).toEqual([1]);
    gate.open();
  });

  test.each(['when its second answer is looked up', 'when its second answer is queued'])(
    'and refused %s does not count as waiting for the first one',
    async (when) => {
      const { send, jobs, readers, queue, gate } = await createRepeating();
      const body = { ...chat, n: 2 };
      const first = send('/v1/chat/completions', body);
      await expect.poll(jobs).toHaveLength(2);
      const second = (await jobs())[1]?.job.id;
      const { get } = queue;
      const fault = new ServiceError({ code: 'backend_unavailable', message: 'away' });
      queue.get = async (id) => {
        if (id !== second) return get(id);
        if (when.endsWith('looked up')) throw fault;
        return undefined;
      };
      queue.add = async () => Promise.reject(fault);
      expect((await send('/v1/chat/completions', body)).status).toBe(503);
      await expect.poll(readers).toEqual([1]);
      queue.get = get;
      gate.open();
      expect((await first).status).toBe(200);
    },
  );

  test.each([false, true])(
    'and asks for an answer more, which fails, does not stop the first one (stream: %s)',
    async (stream) => {
      const held = createSemaphore('thought');
      const api = await createWorkingApi({
        deltas: ['42'],
        gate: async (name, lease) => {
          if (
            name === 'thought' &&
            lease.job.id !== (await api.queue.list({ owner: null, limit: 9 })).jobs.at(-1)?.job.id
          )
            throw new Error('internal detail');
          await held.gate(name, lease);
        },
      });
      const headers = { 'idempotency-key': 'k', 'content-type': 'application/json' };
      const send = (n: number) =>
        api.post('/v1/chat/completions', undefined, { headers, body: JSON.stringify({ ...chat, stream, n }) });
      const first = send(1);
      await held.reached;
      expect(await (await send(2)).text()).toContain('The worker died.');
      const { records } = api.dependencies;
      const readers = async () =>
        Promise.all((await records.keys('readers')).map(async (key) => Object(await records.get(key)).waiting));
      await expect.poll(readers).toEqual([1]);
      held.open();
      expect(await (await first).text()).toContain('42');
      const statuses = (await api.queue.list({ owner: null, limit: 9 })).jobs.map(({ status }) => status);
      expect(statuses).toEqual(['failed', 'completed']);
    },
  );

  test('after its response was deleted does not inherit its readers', async () => {
    let time = 1_700_000_000_000;
    const { send, connect, app, jobs, readers, dependencies, gate } = await createRepeating({ now: () => time++ });
    const lose = await connect('/v1/responses', asked);
    const { records } = dependencies;
    const { update } = records;
    const deleted = new AbortController();
    // The loss is noticed while the response is being deleted.
    records.update = async (...change) => {
      await new Promise((resolve) => deleted.signal.addEventListener('abort', resolve));
      await update(...change);
    };
    await lose();
    await app.request(`/v1/responses/${(await jobs())[0]?.job.id}`, { method: 'DELETE' });
    records.update = update;
    deleted.abort();
    await expect.poll(readers).toEqual([0]);
    const one = send('/v1/responses', asked);
    await expect.poll(jobs).toMatchObject([{ status: 'in_progress' }]);
    const two = send('/v1/responses', asked);
    await expect.poll(readers).toEqual([2]);
    gate.open();
    expect(await (await one).json()).toEqual(await (await two).json());
    expect(await jobs()).toHaveLength(1);
  });

  test('for the answers that it lost is a stored chat completion of those that it got', async () => {
    const held = createSemaphore('thought');
    const isHeld = { second: true };
    const api = await createWorkingApi({
      deltas: ['42'],
      gate: async (name, lease) => {
        if (isHeld.second && lease.job.id !== (await api.queue.list({ owner: null, limit: 9 })).jobs.at(-1)?.job.id)
          await held.gate(name, lease);
      },
    });
    const body = JSON.stringify({ ...chat, n: 2, store: true });
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'k' };
    const client = new AbortController();
    const ask = { method: 'POST', body, headers };
    const first = api.app.request('/v1/chat/completions', { ...ask, signal: client.signal });
    const statuses = async () =>
      (await api.queue.list({ owner: null, limit: 9 })).jobs.map(({ status }) => status).toReversed();
    await expect.poll(statuses).toEqual(['completed', 'in_progress']);
    client.abort();
    await first;
    await expect.poll(statuses).toEqual(['completed', 'cancelled']);
    isHeld.second = false;
    const given = JSON.parse(await (await api.app.request('/v1/chat/completions', ask)).text());
    expect(await statuses()).toEqual(['completed', 'cancelled', 'completed']);
    const kept = JSON.parse(await (await api.app.request(`/v1/chat/completions/${given.id}`)).text());
    expect(kept.choices).toEqual(given.choices);
  });

  test('while the worker has not stopped yet runs anew, once, however often it is made', async () => {
    const { send, connect, statuses, queue, gate } = await createRepeating();
    const { control } = queue;
    let stop = (): unknown => undefined;
    queue.control = async (...command) => {
      stop = () => control(...command);
      return 'accepted';
    };
    const lose = await connect('/v1/responses', asked);
    await lose();
    const [one, two] = [send('/v1/responses', asked), send('/v1/responses', asked)];
    await expect.poll(statuses).toEqual(['in_progress', 'in_progress']);
    stop();
    await expect.poll(statuses).toEqual(['cancelled', 'in_progress']);
    gate.open();
    expect(await (await one).json()).toMatchObject({ status: 'completed', output_text: '42' });
    expect(await (await two).json()).toMatchObject({ status: 'completed' });
    expect(await statuses()).toEqual(['cancelled', 'completed']);
  });

  test.each(['/v1/responses', '/v1/chat/completions'])(
    'before the service notices that the first connection is lost keeps the response: %s',
    async (path) => {
      const { send, connect, statuses, readers, gate } = await createRepeating();
      const body = path === '/v1/responses' ? asked : chat;
      const lose = await connect(path, body);
      const second = new AbortController();
      const again = send(path, body, second.signal);
      const third = send(path, body);
      await expect.poll(readers).toEqual([3]);
      await lose();
      second.abort();
      await again;
      await expect.poll(readers).toEqual([1]);
      expect(await statuses()).toEqual(['in_progress']);
      gate.open();
      expect(await (await third).text()).toContain('42');
      expect(await statuses()).toEqual(['completed']);
    },
  );

  test('by clients that are lost as well is cancelled with the last of them', async () => {
    const { send, connect, statuses, readers, gate } = await createRepeating();
    const lose = await connect('/v1/responses', asked);
    const second = new AbortController();
    const again = send('/v1/responses', { ...asked }, second.signal);
    await expect.poll(readers).toEqual([2]);
    second.abort();
    await again;
    await expect.poll(readers).toEqual([1]);
    expect(await statuses()).toEqual(['in_progress']);
    await lose();
    await expect.poll(statuses).toEqual(['cancelled']);
    gate.open();
    expect(await (await send('/v1/responses', asked)).json()).toMatchObject({ status: 'completed' });
  });

  test.each([
    ['before', 'in_progress'],
    ['after', 'cancelled'],
  ])('gives a cancelled response if a client has cancelled it %s the connection was lost', async (_when, status) => {
    const { send, connect, post, jobs, statuses, gate } = await createRepeating();
    const lose = await connect('/v1/responses', asked);
    if (status === 'cancelled') await lose();
    await expect.poll(statuses).toEqual([status]);
    await post(`/v1/responses/${(await jobs())[0]?.job.id}/cancel`);
    await lose();
    gate.open();
    expect(await (await send('/v1/responses', asked)).json()).toMatchObject({ status: 'cancelled' });
    expect(await statuses()).toEqual(['cancelled']);
  });

  test('is no second turn of its conversation', async () => {
    const { send, connect, post, app, jobs, statuses, gate } = await createRepeating();
    const { id } = JSON.parse(await (await post('/v1/conversations', {})).text());
    const body = { ...asked, input: 'Six by seven?', conversation: id };
    const lose = await connect('/v1/responses', body);
    await lose();
    await expect.poll(statuses).toEqual(['cancelled']);
    gate.open();
    await send('/v1/responses', body);
    await post('/v1/responses', { ...asked, input: 'And by eight?', conversation: id });
    const prompts = (await jobs()).map(({ job }) => responseJob(job).prompt.messages.map(({ content }) => content));
    expect(prompts).toEqual([['Six by seven?'], ['Six by seven?'], ['Six by seven?', '42', 'And by eight?']]);
    const { data } = JSON.parse(await (await app.request(`/v1/conversations/${id}/turns`)).text());
    expect(data).toMatchObject([{ parent: null }, { parent: null }, { parent: data[1].id }]);
  });

  test('begins from the start where its response was deleted; what is known of readers goes with their responses', async () => {
    const { send, connect, app, jobs, statuses, readers, queue, dependencies, gate } = await createRepeating();
    const lose = await connect('/v1/responses', asked);
    await lose();
    await expect.poll(statuses).toEqual(['cancelled']);
    expect(await readers()).toEqual([0]);
    const [first] = await jobs();
    await app.request(`/v1/responses/${first?.job.id}`, { method: 'DELETE' });
    expect(await readers()).toEqual([]);
    gate.open();
    expect(await (await send('/v1/responses', asked)).json()).toMatchObject({ id: first?.job.id, status: 'completed' });
    const { records, now } = dependencies;
    for (const id of [first?.job.id, 'resp_gone']) await records.set(`readers:${id}`, { waiting: 0, cancelled: false });
    const swept = { ...queue, onExpiring() {}, onRemoved() {} };
    const sweep = sweepRecords({ queue: swept, records, retentionMs: 86_400_000, now, onError() {} });
    await sweep.swept;
    sweep.close();
    expect(await records.keys('readers')).toEqual([`readers:${first?.job.id}`]);
  });
});
