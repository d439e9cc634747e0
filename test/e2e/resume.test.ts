import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisMissing, startTestRedis, type TestRedis } from '../support/redis-server.ts';
import { postJson, startService, type TestService } from '../support/start-service.ts';

/** A line each: pieces of a line are gathered by the clock, and two runs would have other events. */
const thoughts = [
  'First I add the tens.\n',
  'Four of them make 40.\n',
  'Then I add the ones.\n',
  'That is 42 in all.\n',
];
const answer = ['The', ' answer', ' is', ' «', '42', '»,', ' with', ' a', ' 🦉', ' at', ' the', ' end.'];

/** Two API processes and a worker on one Redis: a reader that is cut anywhere goes on at the other API. */
describe.skipIf(redisMissing())('a stream that is cut while it is being generated', () => {
  let redis: TestRedis;
  let upstream: Awaited<ReturnType<typeof startPacedUpstream>>;
  let services: TestService[] = [];
  let replicas: string[];

  beforeAll(async () => {
    redis = await startTestRedis();
    upstream = await startPacedUpstream();
    const paced = { id: 'paced', url: upstream.url, model: 'any', family: 'qwen3', dialect: 'ollama' };
    const environment = {
      REDIS_URL: redis.url,
      REDIS_PREFIX: `resume-${process.pid}`,
      THINKFIRST_MODELS: JSON.stringify(['./models/thinkfirst-135m', paced]),
    };
    services = await Promise.all([
      startService('serve', environment),
      startService('serve', environment),
      startService('worker', environment),
    ]);
    replicas = services.slice(0, 2).map(({ url }) => url);
  }, 600_000);
  afterAll(async () => {
    await Promise.all(services.map((each) => each.stop()));
    await upstream?.close();
    await redis?.close();
  });

  async function ask(body: object): Promise<string> {
    const made = await postJson(`${replicas[0]}/v1/responses`, {
      ...body,
      background: true,
      reasoning: { effort: 'low', strategy: 'budget-forcing', summary: 'auto' },
      include: ['reasoning.text'],
    });
    expect(made.status).toBe(200);
    return made.body.id;
  }

  /** The events of a response from a replica, as the bytes that came; comments left out. */
  async function* read(replica: number, id: string, after?: number, by: 'query' | 'header' = 'query') {
    const query = after !== undefined && by === 'query' ? `&starting_after=${after}` : '';
    const headers = after !== undefined && by === 'header' ? { 'last-event-id': String(after) } : {};
    const url = `${replicas[replica % replicas.length]}/v1/responses/${id}?stream=true${query}`;
    const response = await fetch(url, { headers: new Headers(headers) });
    expect(response.status).toBe(200);
    let held = '';
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      held += text;
      for (let end = held.indexOf('\n\n'); end >= 0; end = held.indexOf('\n\n')) {
        const block = held.slice(0, end + 2);
        held = held.slice(end + 2);
        if (!block.startsWith(':')) yield block;
      }
    }
  }

  async function all(blocks: AsyncIterable<string>): Promise<string> {
    let text = '';
    for await (const block of blocks) text += block;
    return text;
  }

  /** Reads up to that event, goes away, and goes on at the other replica: twice, by either way of saying where. */
  async function cutAfter(event: number, id: string, onCut?: () => void): Promise<string[]> {
    let begun = '';
    let seen = -1;
    for await (const block of read(event, id)) {
      begun += block;
      seen += 1;
      // Leaving the loop cancels the body, which closes the connection.
      if (seen === event) break;
    }
    onCut?.();
    const rests = [read(event + 1, id, event, 'query'), read(event + 1, id, event, 'header')];
    return Promise.all(rests.map(async (rest) => begun + (await all(rest))));
  }

  it('is the same to the byte after a cut at any event, with a response that provably has not ended', async () => {
    upstream.open();
    const first = await all(read(0, await ask({ model: 'paced', input: 'What is 40 + 2?' })));
    const events = first.split('\n\n').filter((block) => block.startsWith('event: '));
    const lastToken = events.findIndex((block) => block.includes(answer.at(-1) ?? '?') && block.includes('.delta'));
    expect(lastToken).toBeGreaterThan(thoughts.length);

    upstream.hold();
    const id = await ask({ model: 'paced', input: 'What is 40 + 2?' });
    let cut = 0;
    let cuts = (): void => undefined;
    const cutBeforeTheEnd = new Promise<void>((resolve) => {
      cuts = () => {
        cut += 1;
        // All events before the last token: it comes when all these readers are gone.
        if (cut === lastToken) resolve();
      };
    });
    const joined = events.map((_, event) => cutAfter(event, id, event < lastToken ? cuts : undefined));
    await cutBeforeTheEnd;
    upstream.open();
    const whole = await all(read(0, id));
    expect(whole).toContain(answer.join(''));
    expect(whole.split('\n\n').filter((block) => block.startsWith('event: '))).toHaveLength(events.length);
    for (const [event, texts] of (await Promise.all(joined)).entries()) {
      expect(texts, `cut after event ${event}`).toEqual([whole, whole]);
    }
  });

  it('is the same to the byte after a cut at any event, with the real model', { timeout: 600_000 }, async () => {
    const asked = { model: 'thinkfirst-135m', input: 'What is 47 + 385?', temperature: 0 };
    const first = await all(read(0, await ask(asked)));
    const events = first.split('\n\n').filter((block) => block.startsWith('event: '));
    const id = await ask(asked);
    const joined = await Promise.all(events.map((_, event) => cutAfter(event, id)));
    const whole = await all(read(0, id));
    expect(whole).toContain('event: response.reasoning_text.delta');
    expect(whole).toContain('event: response.completed');
    // How a thought is cut into pieces is up to the clock: this run may have fewer events than the first.
    const { length } = whole.split('\n\n').filter((block) => block.startsWith('event: '));
    for (const [event, texts] of joined.slice(0, length).entries()) {
      expect(texts, `cut after event ${event}`).toEqual([whole, whole]);
    }
  });
});

/** A server that says the same each time, a token each few ms; its last token waits until it is let go. */
async function startPacedUpstream() {
  let open = (): void => undefined;
  let opened = Promise.resolve();
  const server: Server = createServer(async (request, response) => {
    request.resume();
    await once(request, 'end');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const say = (delta: object, finish_reason: string | null = null) =>
      response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`);
    for (const reasoning of thoughts) {
      say({ reasoning });
      await pause(20);
    }
    for (const [index, content] of answer.entries()) {
      if (index === answer.length - 1) await opened;
      say({ content });
      await pause(20);
    }
    say({}, 'stop');
    response.end('data: [DONE]\n\n');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    open: () => open(),
    hold() {
      opened = new Promise((resolve) => {
        open = resolve;
      });
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
