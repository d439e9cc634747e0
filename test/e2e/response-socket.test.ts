import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import OpenAI from 'openai';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { type ApiDependencies, defaultLimits } from '../../src/api/dependencies.ts';
import { serveSocket } from '../../src/api/responses/socket-session.ts';
import { responseJob } from '../../src/contracts/responses/response-job.ts';
import { allScopes } from '../../src/contracts/service/key-scopes.ts';
import { createKeyStore } from '../../src/store/key-store.ts';
import { createRequestLimiter } from '../../src/store/request-limiter.ts';
import { createUsageLedger } from '../../src/store/usage-ledger.ts';
import { createApi } from '../api/responses/fixture.ts';
import { listeningService, openSocket, refusedSocket, type SocketMessage } from '../support/listening-service.ts';
import { createMemoryRecords } from '../support/memory-records.ts';
import { createScriptedModel } from '../support/scripted-language-model.ts';

const Ended = z.object({ response: z.object({ id: z.string(), status: z.string(), output_text: z.string() }) });
const ended = (events: SocketMessage[]) => Ended.parse(events.at(-1)).response;
const fast = { mode: 'fast' };

let closing: Array<() => Promise<void>> = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closing.splice(0)) await close();
});

/** Answers `ok`; what is asked to hang thinks until it is stopped. */
async function service(overrides: Partial<ApiDependencies> = {}, options: { messageBytes?: number } = {}) {
  const model = createScriptedModel({
    id: 'tiny',
    script: ({ request }) => ({
      answer: request.prompt.messages.at(-1)?.content.includes('hang') ? 'word '.repeat(200_000) : 'ok',
    }),
  });
  const made = await listeningService(model, overrides, options);
  closing.push(() => made.close());
  const prompt = async (id: string) => {
    const snapshot = await made.queue.get(id);
    return snapshot === undefined ? [] : responseJob(snapshot.job).prompt.messages.map(({ content }) => content);
  };
  return { ...made, prompt, open: (headers?: Record<string, string>) => openSocket(made.socketUrl, headers) };
}

async function keyedService(sockets: Partial<typeof defaultLimits.sockets> = {}) {
  const records = createMemoryRecords();
  const keys = createKeyStore({ records, now: Date.now, freshMs: 0 });
  const ledger = createUsageLedger({ change: records.update, now: Date.now });
  const limits = { ...defaultLimits, sockets: { ...defaultLimits.sockets, ...sockets } };
  const made = await service({ records, keys, ledger, requestLimiter: createRequestLimiter(), limits });
  const create = async (wanted: object = {}) => {
    const key = await keys.create({ name: 'test', scopes: [], ...wanted });
    return { ...key, headers: { authorization: `Bearer ${key.secret}` } };
  };
  return { ...made, keys, create };
}

describe('a socket', () => {
  test('one of many does not make Node warn of a leak', async () => {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error) => void warnings.push(name);
    process.on('warning', onWarning);
    const { open } = await service();
    await Promise.all(Array.from({ length: 12 }, () => open()));
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  test('is pinged every 5 s, and cut once no ping was answered for half a minute', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { open } = await service();
    const { socket, closed, turn } = await open();
    await turn({ input: 'a', ...fast });
    for (let beat = 0; beat < 10; beat += 1) {
      const [pinged, answered] = [once(socket, 'ping'), once(socket, 'pong')];
      vi.advanceTimersByTime(5_000);
      await pinged;
      // Its answer is read by the time that ours is.
      socket.ping();
      await answered;
    }
    vi.advanceTimersByTime(35_000);
    expect((await closed).code).toBe(1006);
  });

  test('answers one message after the other with the events of the stream', async () => {
    const { open } = await service();
    const { turn, socket } = await open();
    const events = await turn({ input: 'a', ...fast });
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
    expect(ended(await turn({ input: 'b', ...fast }))).toMatchObject({ status: 'completed', output_text: 'ok' });
    socket.close();
  });

  test('takes messages while a response runs, and answers them in order', async () => {
    const { open, prompt } = await service();
    const { send, next } = await open();
    for (const input of ['a', 'b', 'c']) send({ input, ...fast });
    const asked: unknown[] = [];
    while (asked.length < 3) {
      const event = await next();
      if (event.type === 'response.completed') asked.push((await prompt(ended([event]).id))[0]);
    }
    expect(asked).toEqual(['a', 'b', 'c']);
  });

  test('goes on from its last response though it was not stored, and no other socket does', async () => {
    const { open, prompt, queue } = await service();
    const { turn } = await open();
    const unstored = { store: false, ...fast };
    const first = ended(await turn({ input: 'The word is ember.', ...unstored }));
    // Nothing of it needs to be in the store any more.
    await queue.remove(first.id);
    const second = ended(await turn({ input: 'Which?', previous_response_id: first.id, ...unstored }));
    expect(await prompt(second.id)).toEqual(['The word is ember.', 'ok', 'Which?']);
    await queue.remove(second.id);
    const third = ended(await turn({ input: 'Sure?', previous_response_id: second.id, ...unstored }));
    expect(await prompt(third.id)).toEqual(['The word is ember.', 'ok', 'Which?', 'ok', 'Sure?']);
    const other = await open();
    const missing = await other.turn({ input: 'Which?', previous_response_id: third.id, ...unstored });
    expect(missing).toMatchObject([
      { type: 'error', status: 400, error: { code: 'previous_response_not_found', param: 'previous_response_id' } },
    ]);
    // It goes on all the same.
    expect(ended(await other.turn({ input: 'a', ...unstored })).status).toBe('completed');
    const stored = ended(await turn({ input: 'Stored.', ...fast }));
    expect(ended(await other.turn({ input: 'b', previous_response_id: stored.id, ...fast })).status).toBe('completed');
  });

  test('keeps no more to go on from than its limit', async () => {
    const limits = { ...defaultLimits, sockets: { ...defaultLimits.sockets, rememberedBytes: 1_000 } };
    const { turn } = await (await service({ limits })).open();
    const unstored = { store: false, ...fast };
    const first = ended(await turn({ input: 'word '.repeat(300), ...unstored }));
    expect(await turn({ input: 'b', previous_response_id: first.id, ...unstored })).toMatchObject([
      { error: { code: 'previous_response_not_found' } },
    ]);
    const stored = ended(await turn({ input: 'word '.repeat(300), ...fast }));
    expect(ended(await turn({ input: 'b', previous_response_id: stored.id, ...fast })).status).toBe('completed');
  });

  test('forgets a response from which a request failed to go on', async () => {
    const { open } = await service();
    const { turn } = await open();
    const unstored = { store: false, ...fast };
    const { id } = ended(await turn({ input: 'a', ...unstored }));
    const orphan = [{ type: 'function_call_output', call_id: 'none', output: 'x' }];
    expect(await turn({ input: orphan, previous_response_id: id, ...unstored })).toMatchObject([
      { type: 'error', status: 400, error: { code: 'invalid_value' } },
    ]);
    expect(await turn({ input: 'b', previous_response_id: id, ...unstored })).toMatchObject([
      { error: { code: 'previous_response_not_found' } },
    ]);
  });

  test.each([
    ['{', 400, 'invalid_json'],
    ['[]', 400, 'invalid_json'],
    ['{"type":"session.update"}', 400, 'invalid_value'],
    ['{"type":"response.create","input":"a","background":true}', 400, 'invalid_value'],
    ['{"type":"response.create","input":"a","generate":false}', 400, 'invalid_value'],
    ['{"type":"response.create"}', 400, 'missing_required_parameter'],
    ['{"type":"response.create","input":"a","model":"none"}', 404, 'model_not_found'],
  ])('says what is wrong with %s, and goes on', async (message, status, code) => {
    const { open } = await service();
    const { socket, next, turn } = await open();
    socket.send(message);
    expect(await next()).toMatchObject({ type: 'error', status, error: { code } });
    expect(ended(await turn({ input: 'a', ...fast })).status).toBe('completed');
  });

  test('refuses a message that is nested too deeply as a body is refused, and goes on', async () => {
    const { open } = await service();
    const { socket, next, turn } = await open();
    socket.send(`{"type":"response.create","input":${'['.repeat(50_000)}${']'.repeat(50_000)}}`);
    const error = { code: 'invalid_value', message: expect.stringContaining('nested too deeply') };
    expect(await next()).toMatchObject({ type: 'error', status: 400, error });
    expect(ended(await turn({ input: 'a', ...fast })).status).toBe('completed');
  });

  test('takes text only, and closes on a message that is larger than a body may be', async () => {
    const { open } = await service({}, { messageBytes: 10_000 });
    const { socket, next, closed } = await open();
    socket.send(Buffer.from('{}'), { binary: true });
    expect(await next()).toMatchObject({ error: { code: 'invalid_json' } });
    socket.send(JSON.stringify({ type: 'response.create', input: 'x'.repeat(20_000) }));
    expect((await closed).code).toBe(1009);
  });

  test('that its client leaves stops its response', async () => {
    const { open, queue } = await service();
    const { send, next, socket } = await open();
    send({ input: 'hang', max_output_tokens: 100_000, ...fast });
    const { response } = z.object({ response: z.object({ id: z.string() }) }).parse(await next());
    const lines = queue.events(response.id, { stream: 'wire', signal: AbortSignal.timeout(60_000) });
    socket.terminate();
    let terminal: string | undefined;
    for await (const line of lines) if (line.terminal) terminal = line.terminal;
    expect(terminal).toBe('cancelled');
  });

  test('works with OpenAI’s own client', async () => {
    const { url } = await service();
    const client = new ResponsesWS(new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none' }));
    const done = new Promise<unknown>((resolve, reject) => {
      client.on('response.completed', (event) => resolve(event.response.status));
      client.on('error', reject);
    });
    client.send({ type: 'response.create', model: 'tiny', input: 'a' });
    expect(await done).toBe('completed');
    client.close();
  });
});

describe('who may open one', () => {
  test('no page of another site, and no client without a key where keys are required', async () => {
    const { socketUrl, create, open } = await keyedService();
    const key = await create();
    expect(await refusedSocket(socketUrl, { ...key.headers, origin: 'https://evil.example' })).toBe(403);
    expect(await refusedSocket(socketUrl)).toBe(401);
    const { turn } = await open(key.headers);
    expect(ended(await turn({ input: 'a', ...fast })).status).toBe('completed');
  });

  test('not many: a key’s sockets are bounded', async () => {
    const { socketUrl, create, open } = await keyedService({ mostOfKey: 2 });
    const [one, other] = [await create(), await create()];
    const first = await open(one.headers);
    await open(one.headers);
    expect(await refusedSocket(socketUrl, one.headers)).toBe(429);
    const { turn } = await open(other.headers);
    expect(ended(await turn({ input: 'a', ...fast })).status).toBe('completed');
    first.socket.close();
    await first.closed;
    // The place is free once the service has seen it close.
    await expect
      .poll(() =>
        open(one.headers).then(
          ({ socket }) => socket.readyState,
          () => 0,
        ),
      )
      .toBe(1);
  });
});

describe('what a key may', () => {
  test('holds for each message: rate, quota, and that it was not revoked', async () => {
    const { create, open } = await keyedService();
    const slow = await open((await create({ requests_per_minute: 1 })).headers);
    expect(ended(await slow.turn({ input: 'a', ...fast })).status).toBe('completed');
    expect(await slow.turn({ input: 'b', ...fast })).toMatchObject([
      { status: 429, error: { code: 'rate_limit_exceeded' } },
    ]);
    const poor = await open((await create({ tokens_per_day: 1 })).headers);
    expect(await poor.turn({ input: 'a', ...fast })).toMatchObject([
      { status: 429, error: { code: 'quota_exceeded' } },
    ]);
  });

  test('ends with it: sockets of a revoked key close', async () => {
    const { create, open, keys } = await keyedService({ checkMs: 20 });
    const key = await create();
    const { closed } = await open(key.headers);
    await keys.revoke(key.id);
    expect(await closed).toMatchObject({ code: 1008 });
  });

  test('is looked at with the message, however soon it comes', async () => {
    const { create, open, keys } = await keyedService();
    const key = await create();
    const { turn, closed } = await open(key.headers);
    await keys.revoke(key.id);
    expect(await turn({ input: 'a', ...fast })).toMatchObject([{ status: 401, error: { code: 'invalid_api_key' } }]);
    expect(await closed).toMatchObject({ code: 1008 });
  });
});

describe('an end', () => {
  const limits = (sockets: Partial<typeof defaultLimits.sockets>) => ({
    limits: { ...defaultLimits, sockets: { ...defaultLimits.sockets, ...sockets } },
  });

  test('comes after an hour, said as an error', async () => {
    const { open } = await service(limits({ lifeMs: 50 }));
    const { next, closed } = await open();
    expect(await next()).toMatchObject({
      type: 'error',
      status: 400,
      error: { code: 'websocket_connection_limit_reached' },
    });
    expect(await closed).toMatchObject({ code: 1000 });
  });

  test('comes to one that nothing is asked of', async () => {
    const { open } = await service(limits({ idleMs: 50 }));
    expect(await (await open()).closed).toMatchObject({ code: 1000, reason: 'Idle.' });
  });

  test('comes to one that sends more than may wait', async () => {
    const { open } = await service(limits({ waiting: 2 }));
    const { send, closed } = await open();
    for (let sent = 0; sent < 8; sent++) send({ input: 'hang', ...fast });
    expect(await closed).toMatchObject({ code: 1008 });
  });

  test('comes with that of the service, which waits for no open socket', async () => {
    const { open, close } = await service();
    const { closed } = await open();
    closing = [];
    await close(10_000);
    expect(await closed).toMatchObject({ code: 1001 });
  });

  test('comes at once to one that opens while the service stops', async () => {
    const ended = new AbortController();
    const codes: number[] = [];
    const { app, dependencies } = createApi();
    serveSocket(
      {
        send: async () => undefined,
        close: (code) => {
          codes.push(code);
          ended.abort();
        },
        onMessage: () => undefined,
        closed: ended.signal,
        stopping: AbortSignal.abort(),
      },
      {
        url: 'http://localhost/v1/responses',
        headers: new Headers(),
        caller: { owner: null, scopes: allScopes },
        limits: defaultLimits,
        dispatch: app.fetch,
        dependencies,
        isKeyValid: async () => true,
      },
    );
    expect(codes).toEqual([1001]);
  });
});

describe('a request to become something else', () => {
  test('than a WebSocket is answered as if it had not asked', async () => {
    const { url } = await service();
    const { port } = new URL(url);
    const upgrade = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'];
    const socket = connect(Number(port), '127.0.0.1');
    const body = JSON.stringify({ input: 'a', ...fast });
    const head = [
      'POST /v1/responses HTTP/1.1',
      `Host: localhost:${port}`,
      ...upgrade,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
    socket.write(`GET /healthz HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`);
    const answers = await text(socket);
    expect(answers.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    expect(answers).toContain('"output_text":"ok"');
  });

  test('on a path that has none is refused, and where there is no WebSocket mode it is said', async () => {
    const { url } = await service();
    expect(await refusedSocket(`${url.replace('http', 'ws')}/healthz`)).toBe(200);
    const { app } = createApi();
    const refused = await app.request('/v1/responses', { headers: { upgrade: 'websocket', connection: 'upgrade' } });
    expect(refused.status).toBe(404);
    expect(await refused.json()).toMatchObject({ error: { message: expect.stringContaining('WebSocket') } });
  });
});
