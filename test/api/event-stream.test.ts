import { afterEach, describe, expect, test, vi } from 'vitest';
import { defaultLimits } from '../../src/api/dependencies.ts';
import { eventStream, lineStream, type ServerSentEvent } from '../../src/api/event-stream.ts';
import { createApi, createSemaphore, createWorkingApi, readEvents } from './responses/fixture.ts';
import { thought } from './responses/scripted-worker.ts';

afterEach(() => vi.useRealTimers());

const text = (chunk: Uint8Array | undefined) => new TextDecoder().decode(chunk);

describe('eventStream', () => {
  test('reads no further than its reader', async () => {
    let made = 0;
    async function* source(): AsyncGenerator<ServerSentEvent> {
      for (; made < 1000; ) yield { data: String(made++) };
    }
    const reader = eventStream(source(), { keepAliveMs: 15_000, onCancel: () => undefined }).getReader();
    for (let read = 0; read < 3; read += 1) await reader.read();
    // Whatever would read ahead has had its turn by then.
    await new Promise((resolve) => setImmediate(resolve));
    expect(made).toBe(3);
  });

  test('sends a comment whenever nothing came for the interval, and loses no event by it', async () => {
    vi.useFakeTimers();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    async function* source(): AsyncGenerator<ServerSentEvent> {
      await held;
      yield { event: 'e', id: '1', data: 'x' };
    }
    // A client that gives up without a byte for 10 s hears of it in time.
    const { keepAliveMs } = defaultLimits;
    expect(keepAliveMs).toBeLessThanOrEqual(5_000);
    const reader = eventStream(source(), { keepAliveMs, onCancel: () => undefined }).getReader();
    for (let beat = 0; beat < 2; beat += 1) {
      const next = reader.read();
      await vi.advanceTimersByTimeAsync(keepAliveMs - 1);
      await expect(Promise.race([next, Promise.resolve('nothing yet')])).resolves.toBe('nothing yet');
      await vi.advanceTimersByTimeAsync(1);
      expect(text((await next).value)).toBe(': keep-alive\n\n');
    }
    release();
    expect(text((await reader.read()).value)).toBe('event: e\nid: 1\ndata: x\n\n');
    expect((await reader.read()).done).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a body that is kept alive', () => {
  test.each([
    ['an event stream', (source: AsyncIterable<never>) => eventStream(source, { keepAliveMs: 1, onCancel() {} })],
    ['JSON lines', (source: AsyncIterable<never>) => lineStream(source, { idle: { ms: 1, line: () => ({}) } })],
  ])('waits once for its next item, since each wait would stay in memory: %s', async (_name, open) => {
    const silent = new Promise<never>(() => {});
    const waits = vi.spyOn(silent, 'then');
    const reader = open({ [Symbol.asyncIterator]: () => ({ next: () => silent }) }).getReader();
    for (let beat = 0; beat < 5; beat += 1) expect(text((await reader.read()).value)).not.toBe('');
    expect(waits.mock.calls.length).toBeLessThanOrEqual(1);
    await reader.cancel();
  });

  test('gives a reader that has stopped reading one sign of life and no more', async () => {
    vi.useFakeTimers();
    const silent = new Promise<never>(() => {});
    const source = { [Symbol.asyncIterator]: () => ({ next: () => silent }) };
    const reader = eventStream(source, { keepAliveMs: 1_000, onCancel() {} }).getReader();
    const first = reader.read();
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await first).done).toBe(false);
    expect((await reader.read()).done).toBe(false);
    const third = reader.read();
    expect(await Promise.race([third, Promise.resolve('nothing yet')])).toBe('nothing yet');
    await reader.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a stream of a response', () => {
  test('resumed after any number is the rest of the whole, with ids', async () => {
    const { app, ask } = await createWorkingApi();
    const { events: whole } = await readEvents(await ask({ input: 'a', stream: true, background: true }));
    const url = '/v1/responses/resp_0000?stream=true';
    for (let after = 0; after < whole.length + 2; after += 1) {
      const byQuery = await readEvents(await app.request(`${url}&starting_after=${after}`));
      const byHeader = await readEvents(await app.request(url, { headers: { 'last-event-id': String(after) } }));
      expect(byQuery.events).toEqual(whole.slice(after + 1));
      expect(byHeader.events).toEqual(whole.slice(after + 1));
      expect(byQuery.messages.slice(0, -1).map(({ id }) => Number(id))).toEqual(
        whole.slice(after + 1).map((event) => event.sequence_number),
      );
      expect([byQuery.done, byHeader.done]).toEqual([true, true]);
    }
    expect((await readEvents(await app.request(url))).events).toEqual(whole);
  });

  test('a browser’s Last-Event-ID goes before the older starting_after of its URL', async () => {
    const { app, ask } = await createWorkingApi();
    await ask({ input: 'a' });
    const url = '/v1/responses/resp_0000?stream=true&starting_after=1';
    const { events } = await readEvents(await app.request(url, { headers: { 'last-event-id': '7' } }));
    expect(events[0]?.sequence_number).toBe(8);
  });

  test('follows a response that is still running, for several readers', async () => {
    const gate = createSemaphore('two');
    const { app, ask } = await createWorkingApi({ deltas: ['one', 'two'], gate: gate.gate });
    await ask({ input: 'a', background: true });
    await gate.reached;
    const readers = ['0', '4'].map((after) =>
      app.request(`/v1/responses/resp_0000?stream=true&starting_after=${after}`),
    );
    gate.open();
    const [first, second] = await Promise.all(readers.map(async (reader) => readEvents(await reader)));
    expect(first?.events.at(-1)).toMatchObject({ type: 'response.completed', response: { output_text: 'onetwo' } });
    expect(second?.events).toEqual(first?.events.slice(4));
  });

  test('is kept alive by an event where Codex reads it, whose clock comments do not reset, else by a comment', async () => {
    for (const [headers, kept] of [
      [{ originator: 'codex_exec' }, 'event: keepalive\ndata: {"type":"keepalive"}\n\n'],
      [{}, ': keep-alive\n\n'],
    ] as const) {
      const gate = createSemaphore('one');
      const { app } = await createWorkingApi(
        { deltas: ['one'], gate: gate.gate },
        { limits: { ...defaultLimits, keepAliveMs: 5 } },
      );
      const response = await app.request('/v1/responses', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ model: 'tiny', input: 'a', stream: true }),
      });
      const reader = response.body?.getReader();
      const seen = new Set<string>();
      while (!seen.has(kept)) seen.add(text((await reader?.read())?.value));
      expect([...seen].filter((chunk) => /keep-?alive/.test(chunk))).toEqual([kept]);
      await reader?.cancel();
      gate.open();
    }
  });

  test('of a foreground response that loses its reader is cancelled, and leaves no reader behind', async () => {
    const gate = createSemaphore('two');
    const { ask, queue } = await createWorkingApi({ deltas: ['one', 'two'], gate: gate.gate });
    const response = await ask({ input: 'a', stream: true });
    const reader = response.body?.getReader();
    await reader?.read();
    await gate.reached;
    await reader?.cancel();
    await expect.poll(async () => (await queue.get('resp_0000'))?.status).toBe('cancelled');
    await expect.poll(() => queue.readers()).toBe(0);
  });

  test('of a background response, or read by GET, stops nothing by going away', async () => {
    const gate = createSemaphore('two');
    const { app, ask, queue } = await createWorkingApi({ deltas: ['one', 'two'], gate: gate.gate });
    const created = await ask({ input: 'a', stream: true, background: true });
    const followed = await app.request('/v1/responses/resp_0000?stream=true');
    await gate.reached;
    for (const response of [created, followed]) {
      const reader = response.body?.getReader();
      // All that there is; the next read has to wait.
      for (let event = 0; event < 6; event += 1) await reader?.read();
      void reader?.read();
      await new Promise((resolve) => setImmediate(resolve));
      expect(queue.readers()).toBe(1);
      await reader?.cancel();
      await expect.poll(() => queue.readers()).toBe(0);
    }
    gate.open();
    await expect.poll(async () => (await queue.get('resp_0000'))?.status).toBe('completed');
  });

  test('that breaks off ends in an error event from which a reader resumes, without [DONE]', async () => {
    const api = createApi();
    const broken = {
      ...api.queue,
      // biome-ignore lint/correctness/useYield: it fails before it has anything
      async *events() {
        throw new Error('ECONNRESET 10.0.0.1');
      },
    };
    const { app, ask } = createApi({ queue: broken });
    const { events, done } = await readEvents(await ask({ input: 'a', stream: true, background: true }));
    expect(events.at(-1)).toEqual({
      type: 'error',
      sequence_number: 1,
      code: 'server_error',
      message: 'An internal error occurred.',
      param: null,
      // As Open Responses has it.
      error: {
        type: 'server_error',
        code: 'server_error',
        message: 'An internal error occurred.',
        param: null,
      },
    });
    expect(done).toBe(false);
    const resumed = await readEvents(await app.request('/v1/responses/resp_0000?stream=true&starting_after=5'));
    expect(resumed.events).toMatchObject([{ type: 'error', sequence_number: 5 }]);
  });
});

describe('the trace', () => {
  test('gives the steps while it runs and after', async () => {
    const gate = createSemaphore('thought');
    const { app, ask } = await createWorkingApi({ deltas: ['x'], gate: gate.gate });
    await ask({ input: 'a', background: true });
    await gate.reached;
    const running = await (await app.request('/v1/responses/resp_0000/trace')).json();
    expect(running).toMatchObject({ response_id: 'resp_0000', steps: [{ index: 0, phase: 'think', text: thought }] });
    gate.open();
    await app.request('/v1/responses/resp_0000?wait=30');
    expect(await (await app.request('/v1/responses/resp_0000/trace')).json()).toEqual(running);
  });

  test('streams steps and progress with numbers of its own', async () => {
    const { app, ask } = await createWorkingApi();
    await ask({ input: 'a' });
    const { events, done, messages } = await readEvents(await app.request('/v1/responses/resp_0000/trace?stream=true'));
    expect(events.map(({ type, sequence_number }) => [type, sequence_number])).toEqual([
      ['trace_step.added', 0],
      ['trace_step.done', 1],
      ['progress', 2],
    ]);
    expect(messages[0]?.id).toBe('0');
    expect(done).toBe(true);
  });
});
