import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { unstable_startWorker } from 'wrangler';
import { redisMissing, startTestRedis, type TestRedis } from '../support/redis-server.ts';
import { getJson, startService, type TestService } from '../support/start-service.ts';
import { startUpstreamServer, type UpstreamServer } from '../support/upstream-server.ts';

/** The edge in workerd, over a real Redis, with the real API (which publishes its models) and a real worker beside it. */
describe.skipIf(redisMissing() !== undefined)('the edge', () => {
  let redis: TestRedis;
  let halves: TestService[];
  /** Begins to think and never goes on. */
  let stuck: UpstreamServer;
  let edge: Awaited<ReturnType<typeof unstable_startWorker>>;
  let url: string;
  let client: OpenAI;
  const prefix = `edge-${Date.now()}`;

  beforeAll(async () => {
    redis = await startTestRedis();
    const script = { thoughts: [' Let', ' me', ' see.'], answer: ['7'] };
    stuck = await startUpstreamServer({ dialect: 'plain', script, pace: () => new Promise<void>(() => {}) });
    const models = [
      './models/thinkfirst-135m',
      { id: 'stuck', url: stuck.url, model: 'any', family: 'qwen3', dialect: 'plain', contextLength: 2048 },
    ];
    const environment = {
      REDIS_URL: redis.url,
      REDIS_PREFIX: prefix,
      THINKFIRST_MODELS: JSON.stringify(models),
    };
    const small = { ...environment, THINKFIRST_KV_MB: '64' };
    halves = await Promise.all([startService('serve', environment), startService('worker', small)]);
    edge = await startEdge({ REDIS_URL: redis.url, REDIS_PREFIX: prefix, THINKFIRST_OPEN: '1' });
    url = (await edge.url).origin;
    client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'unused', maxRetries: 0 });
    await published(url);
  });
  afterAll(async () => {
    await edge?.dispose();
    await Promise.all((halves ?? []).map((half) => half.stop()));
    await stuck?.close();
    await redis?.close();
  });

  test('answers, by the default model, with the default effort', async () => {
    const response = await client.responses.create({ model: 'thinkfirst-135m', input: 'What is 47 + 385?' });
    expect(response).toMatchObject({ status: 'completed', model: 'thinkfirst-135m' });
    expect(response.output_text).not.toBe('');
  });

  test('promises the context that the worker has room for', async () => {
    const local = async (at: OpenAI) => (await at.models.list()).data.filter(({ id }) => id.startsWith('thinkfirst'));
    const api = new OpenAI({ baseURL: `${halves[0]?.url}/v1`, apiKey: 'unused' });
    const room = { context_length: expect.toSatisfy((length: number) => length < 8_192) };
    // The API looks each second for what its workers say.
    await expect.poll(() => local(api)).toMatchObject([{ source: 'variable', status: 'ready', ...room }]);
    // The edge has no worker's state to tell of.
    const stateless = (await local(api)).map((model) => {
      return { ...model, source: undefined, status: undefined, reason: undefined, percent: undefined };
    });
    expect(await local(client)).toEqual(stateless);
  });

  test('streams the same text that a poll through the API gives', async () => {
    const stream = await client.responses.create({
      model: 'thinkfirst-135m',
      input: 'What is 12 × 12?',
      reasoning: { effort: 'low' },
      stream: true,
    });
    let text = '';
    let id = '';
    let next = 0;
    for await (const event of stream) {
      expect(event.sequence_number).toBe(next);
      next += 1;
      if (event.type === 'response.created') id = event.response.id;
      if (event.type === 'response.output_text.delta') text += event.delta;
    }
    const api = new OpenAI({ baseURL: `${halves[0]?.url}/v1`, apiKey: 'unused' });
    const polled = await api.responses.retrieve(id);
    expect(polled.status).toBe('completed');
    expect(text).toBe(polled.output_text);
    expect(text).not.toBe('');
  });

  test('runs in the background, is polled, and resumes a stream from a number', async () => {
    const { id } = await client.responses.create({
      model: 'thinkfirst-135m',
      input: 'Sort 3, 1, 2.',
      background: true,
    });
    const resumed = await client.responses.retrieve(id, { stream: true, starting_after: 1 });
    const numbers: number[] = [];
    for await (const event of resumed) numbers.push(event.sequence_number);
    expect(numbers.slice(0, 3)).toEqual([2, 3, 4]);
    expect((await client.responses.retrieve(id)).status).toBe('completed');
  });

  test('cancels', async () => {
    const { id } = await client.responses.create({ model: 'stuck', input: 'Hi.', background: true });
    expect((await client.responses.cancel(id)).status).toBe('cancelled');
  });

  test('a client that leaves its stream cancels the response, and may ask again with the same key', async () => {
    const body = JSON.stringify({ model: 'stuck', input: 'Hi.', stream: true });
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'left' };
    const start = async () => {
      const gone = new AbortController();
      const answer = await fetch(`${url}/v1/responses`, { method: 'POST', body, headers, signal: gone.signal });
      const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
      let read = '';
      // The first piece may end before the id.
      for (let done = false; !done && !/resp_[\w-]+"/.test(read); ) {
        const piece = await reader?.read();
        read += piece?.value ?? '';
        done = piece?.done ?? true;
      }
      return { id: /resp_[\w-]+/.exec(read)?.[0] ?? '', leave: () => gone.abort() };
    };
    const status = async (id: string) => (await client.responses.retrieve(id)).status;
    const before = stuck.completions().length;
    const { id, leave } = await start();
    await expect.poll(() => stuck.completions().length).toBeGreaterThan(before);
    leave();
    await expect.poll(() => status(id)).toBe('cancelled');
    // The same request, made again, is a response of its own.
    const again = await start();
    expect(again.id).not.toBe(id);
    again.leave();
    // The server, too, is let go.
    expect(await stuck.completions()[before]?.closedEarly).toBe(true);
  });

  test('tells a key’s own webhook of a response that came in here', async () => {
    const address = 'https://hooks.example.org/thinkfirst';
    const post = (base: string | undefined, path: string, body: unknown) =>
      fetch(`${base}${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      });
    expect((await post(halves[0]?.url, '/v1/webhook', { url: address })).status).toBe(200);
    const { id } = await client.responses.create({ model: 'thinkfirst-135m:fast', input: 'Hi.', background: true });
    const deliveries = async () => (await getJson(`${url}/v1/responses/${id}/deliveries`)).data;
    await expect.poll(deliveries, { timeout: 60_000 }).toMatchObject([{ url: address, response_id: id }]);
    expect((await post(url, '/v1/webhook', { url: null })).status).toBe(200);
    expect(await (await fetch(`${halves[0]?.url}/v1/webhook`)).json()).toMatchObject({ url: null });
  });

  test('counts tokens as the API does', async () => {
    const body = JSON.stringify({ model: 'thinkfirst-135m', input: 'How many tokens are these? \u{1F642}' });
    const count = async (base: string) => {
      const init = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
      return (await fetch(`${base}/v1/responses/input_tokens`, init)).json();
    };
    expect(await count(url)).toEqual(await count(halves[0]?.url ?? ''));
  });

  test('refuses in the same envelope, and knows the strategies', async () => {
    const strategies = await (await fetch(`${url}/v1/strategies`)).json();
    expect(JSON.stringify(strategies)).toContain('deliberate');
    const wrong = { model: 'thinkfirst-135m', input: 'x', reasoning: { strategy: 'guess' } };
    const init = { method: 'POST', body: JSON.stringify(wrong), headers: { 'content-type': 'application/json' } };
    const refused = await fetch(`${url}/v1/responses`, init);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { param: 'reasoning.strategy' } });
  });

  test('closes each request’s connection', async () => {
    const connected = async () => {
      const { Redis } = await import('ioredis');
      const probe = new Redis(redis.url);
      const list = String(await probe.client('LIST'));
      probe.disconnect();
      return list.trim().split('\n').length;
    };
    const before = await connected();
    await Promise.all(Array.from({ length: 20 }, () => fetch(`${url}/v1/models`).then((answer) => answer.text())));
    await expect.poll(connected, { timeout: 20_000 }).toBeLessThanOrEqual(before);
  });

  test('without THINKFIRST_OPEN nobody is let in without a key', async () => {
    const closed = await startEdge({ REDIS_URL: redis.url, REDIS_PREFIX: prefix });
    const answer = await fetch(`${(await closed.url).origin}/v1/models`);
    expect(answer.status).toBe(401);
    await closed.dispose();
  });

  test('a Redis that is away or frozen is a 503 in time', async () => {
    const away = await startEdge({ REDIS_URL: 'redis://127.0.0.1:1', REDIS_PREFIX: prefix });
    const refused = await fetch(`${(await away.url).origin}/v1/models`);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).not.toBeNull();
    await away.dispose();
    if (redis.outage === undefined) return;
    redis.outage.freeze();
    const frozen = await fetch(`${url}/v1/models`);
    redis.outage.thaw();
    expect(frozen.status).toBe(503);
  });
});

function startEdge(variables: Record<string, string>) {
  process.env['WRANGLER_SEND_METRICS'] = 'false';
  const bindings = Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, { type: 'plain_text' as const, value }]),
  );
  const quiet = {
    logLevel: 'error' as const,
    watch: false,
    inspector: false as const,
    server: { hostname: '127.0.0.1', port: 0 },
  };
  return unstable_startWorker({ config: 'wrangler.toml', bindings, build: { nodejsCompatMode: 'v2' }, dev: quiet });
}

/** The API publishes as it starts, a moment after it is ready. */
async function published(url: string): Promise<void> {
  const ask = async () => expect((await fetch(`${url}/v1/models`)).status).toBe(200);
  await vi.waitFor(ask, { timeout: 60_000, interval: 500 });
}
