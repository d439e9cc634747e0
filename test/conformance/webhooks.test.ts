import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Job } from '../../src/contracts/responses/job.ts';
import type { WebhookDelivery } from '../../src/contracts/service/webhook.ts';
import type { JobQueue } from '../../src/core/job-queue.ts';
import { startWebhooks, webhookRefusal } from '../../src/entry/start-webhooks.ts';
import { openEmbeddedConnection } from '../../src/queue/embedded/embedded-connection.ts';
import { openRedisConnection } from '../../src/queue/redis/redis-connection.ts';
import { createBullmqQueue } from '../../src/queue/responses/bullmq-queue.ts';
import { createDeliveries, type Deliver, type Deliveries } from '../../src/queue/webhooks/deliveries.ts';
import { createSealer } from '../../src/store/sealer.ts';
import { createWebhookSettings } from '../../src/store/webhook-settings.ts';
import { createMemoryRecords } from '../support/memory-records.ts';
import { aborted, gate, makeJob, readAll, terminal, testTerminalLines } from '../support/queue-jobs.ts';
import { redisMissing, startTestRedis } from '../support/redis-server.ts';

const client = new OpenAI({ apiKey: 'none' });
const onError = () => {};

const announced = (webhook: { url: string } | undefined, fields: Partial<Job> = {}) =>
  makeJob({ notify: true, body: { request: { webhook } }, ...fields });

const modes = [
  {
    mode: 'embedded',
    async open() {
      const dataFolder = await mkdtemp(join(tmpdir(), 'thinkfirst-webhooks-'));
      const connection = await openEmbeddedConnection({ dataFolder, onError });
      const queue = await createBullmqQueue({ connection, terminalLines: testTerminalLines, onError });
      const deliveries = createDeliveries({ connection, queues: queue.queues, onError, retryMs: 10, pollMs: 20 });
      const close = async () => {
        await connection.close();
        await rm(dataFolder, { recursive: true, force: true });
      };
      return { queue, deliveries, close };
    },
  },
  ...(redisMissing()
    ? []
    : [
        {
          mode: 'Redis',
          async open() {
            const redis = await startTestRedis();
            const connection = await openRedisConnection({ url: redis.url, prefix: `hooks-${process.pid}`, onError });
            const queue = await createBullmqQueue({ connection, terminalLines: testTerminalLines, onError });
            const deliveries = createDeliveries({ connection, queues: queue.queues, onError, retryMs: 10, pollMs: 20 });
            const close = async () => {
              await connection.close();
              await redis.close();
            };
            return { queue, deliveries, close };
          },
        },
      ]),
];

describe.each(modes)('webhooks ($mode)', ({ open }) => {
  let queue: JobQueue;
  let deliveries: Deliveries;
  let closeBackend: () => Promise<void>;
  let server: Server;
  let url: string;
  let received: { headers: Record<string, string>; body: string }[];
  let statuses: number[];
  /** Of requests to `/hangs`, till they are `let go`. */
  let hanging: { responses: ServerResponse[]; letGo: boolean };
  const environment = { THINKFIRST_PRIVATE_CALLBACKS: true };
  const records = createMemoryRecords();
  const sealer = createSealer(randomBytes(32));
  const settings = createWebhookSettings({ records, sealer, given: undefined, now: Date.now });

  beforeAll(async () => {
    ({ queue, deliveries, close: closeBackend } = await open());
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => {
        if (request.url === '/hangs' && !hanging.letGo) {
          hanging.responses.push(response);
          return;
        }
        received.push({ headers: request.headers as Record<string, string>, body });
        response.writeHead(statuses.shift() ?? 204).end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/hook`;
    await startWebhooks({ environment, deliveries, settings, now: Date.now });
    await queue.consume({ concurrency: 2, models: ['scripted'] }, async (lease) => {
      await lease.append([terminal(lease.log.length, 'completed')]);
    });
  });
  afterAll(async () => {
    await deliveries.close();
    await queue.close();
    await closeBackend();
    server.close();
  });
  beforeEach(() => {
    received = [];
    statuses = [];
    hanging = { responses: [], letGo: false };
  });
  const run = async (job: Job) => {
    await queue.add(job);
    await readAll(queue, job.id);
    return job.id;
  };
  const delivered = (id: string, status: string) =>
    vi.waitFor(
      async () => {
        const [delivery] = await deliveries.of(id);
        expect(delivery?.status).toBe(status);
        return delivery;
      },
      { timeout: 20_000 },
    );

  test('are signed as OpenAI’s client expects, with nothing but type and id', async () => {
    const id = await run(announced({ url }));
    await delivered(id, 'delivered');
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    const { secret } = await settings.of(null);
    expect(await client.webhooks.unwrap(body, headers, secret)).toEqual({ type: 'response.completed', data: { id } });
    expect(body).toBe(JSON.stringify({ type: 'response.completed', data: { id } }));
    await expect(client.webhooks.unwrap(`${body} `, headers, secret)).rejects.toThrow();
  });

  test('are tried again until they are taken, under one id', async () => {
    statuses = [500, 503];
    const id = await run(announced({ url }));
    expect(await delivered(id, 'delivered')).toMatchObject({ attempts: 3, response_id: id, url });
    expect(new Set(received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([`msg_${id}`]));
    expect((await deliveries.list({ limit: 1 })).data[0]?.response_id).toBe(id);
  });

  test('are given up where the receiver is gone for good', async () => {
    statuses = [410];
    const id = await run(announced({ url }));
    expect(await delivered(id, 'failed')).toMatchObject({ last_error: 'the address answered 410', attempts: 1 });
  });

  test('go to the key’s own address, and a rotated secret signs beside the new one', async () => {
    await settings.set('ann', url);
    const { secret: before } = await settings.of('ann');
    await settings.rotate('ann');
    const { secret: after } = await settings.of('ann');
    expect(after).not.toBe(before);
    const id = await run(announced(undefined, { owner: 'ann' }));
    await delivered(id, 'delivered');
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    for (const secret of [before, after]) await client.webhooks.unwrap(body, headers, secret);
  });

  test('tell of a cancelled response as well', async () => {
    const job = announced({ url }, { model: 'nobody-has-it' });
    await queue.add(job);
    await queue.control(job.id, 'cancel');
    await delivered(job.id, 'delivered');
    expect(received.at(-1)?.body).toContain('response.cancelled');
  });

  test('tell nothing of a response that was deleted while it ran', async () => {
    const [deleted, next] = [announced({ url }, { model: 'held' }), announced({ url }, { model: 'held' })];
    const { promise: leased, open: onLease } = gate();
    const { promise: gone, open: onGone } = gate();
    await queue.add(deleted);
    await queue.consume({ concurrency: 1, models: ['held'] }, async (lease) => {
      if (lease.job.id === deleted.id) {
        onLease();
        await aborted(lease.signal);
        await gone;
      }
      await lease.append([terminal(lease.log.length, 'cancelled')]);
    });
    await leased;
    await queue.remove(deleted.id);
    onGone();
    // Ends after it, in the same queue.
    await delivered(await run(next), 'delivered');
    expect(await deliveries.of(deleted.id)).toEqual([]);
  });

  test('are not tried again once their response was deleted', async () => {
    const id = await run(announced({ url: 'http://127.0.0.1:1/' }));
    await delivered(id, 'pending');
    await queue.remove(id);
    // One that is being sent is sent to its end.
    await vi.waitFor(
      async () => {
        await deliveries.forget(id);
        expect(await deliveries.of(id)).toEqual([]);
      },
      { timeout: 20_000 },
    );
  });

  test.each([
    { who: 'another key’s', slow: 'slow', quick: 'quick', host: '127.0.0.1' },
    { who: 'without keys another', slow: null, quick: null, host: 'localhost' },
  ])('arrive while $who receiver hangs, whose own wait without an attempt', async ({ slow, quick, host }) => {
    const another = await startWebhooks({ environment, deliveries, settings, now: Date.now });
    const hangs = url.replace('/hook', '/hangs').replace('127.0.0.1', host);
    const waiting = await Promise.all(
      Array.from({ length: 40 }, () => run(announced({ url: hangs }, { owner: slow }))),
    );
    await expect.poll(() => hanging.responses.length).toBeGreaterThanOrEqual(8);
    const id = await run(announced({ url }, { owner: quick }));
    await delivered(id, 'delivered');
    expect(hanging.responses.filter((response) => response.destroyed)).toEqual([]);
    hanging.letGo = true;
    for (const response of hanging.responses) response.writeHead(204).end();
    for (const each of waiting) expect(await delivered(each, 'delivered')).toMatchObject({ attempts: 1 });
    await another.close();
  });

  test('of others go out where one key’s settings can’t be read', async () => {
    await records.set('webhook:bob', { version: 'none' });
    await run(announced(undefined, { owner: 'bob' }));
    await delivered(await run(announced({ url })), 'delivered');
  });
});

test('webhooks outlive more than one process that dies with them, sent or set aside', async () => {
  const dataFolder = await mkdtemp(join(tmpdir(), 'thinkfirst-webhooks-'));
  const url = 'http://127.0.0.1:1/';
  const jobs = Array.from({ length: 10 }, () => announced({ url }, { model: 'nobody-has-it' }));
  /** Sends till `check` is content with what is listed, and leaves what it is sending as it is. */
  const live = async (deliver: Deliver, check: (listed: readonly WebhookDelivery[]) => void) => {
    const connection = await openEmbeddedConnection({ dataFolder, onError });
    const queue = await createBullmqQueue({ connection, terminalLines: testTerminalLines, onError });
    const times = { retryMs: 10, pollMs: 20, asideMs: 200 };
    const deliveries = createDeliveries({ connection, queues: queue.queues, onError, ...times });
    for (const job of jobs) {
      await queue.add(job);
      await queue.control(job.id, 'cancel');
    }
    const sending = await deliveries.start({ deliver, urlOf: async () => url });
    await vi.waitFor(async () => check((await deliveries.list({ limit: 20 })).data), { timeout: 20_000 });
    await sending.close();
    await deliveries.close();
    await queue.close();
    await connection.close();
  };
  const all = (fields: Partial<WebhookDelivery>) => jobs.map(() => expect.objectContaining(fields));
  for (let process = 0; process < 3; process += 1) {
    const sent = new Set<string>();
    const hang: Deliver = ({ id }) => {
      sent.add(id);
      return new Promise(() => {});
    };
    await live(hang, (listed) => {
      expect(sent.size).toBe(8);
      expect(listed).toEqual(all({ status: 'pending', attempts: 0 }));
    });
  }
  await live(
    async () => {},
    (listed) => expect(listed).toEqual(all({ status: 'delivered', attempts: 1 })),
  );
  await rm(dataFolder, { recursive: true, force: true });
});

describe('webhookRefusal', () => {
  test.each([
    'http://10.0.0.1/x',
    'https://[::1]/',
    'http://localhost:1/',
    'https://user:pass@example.org/',
    'ftp://a.b/',
  ])('refuses %s', (url) => expect(webhookRefusal(url, { THINKFIRST_PRIVATE_CALLBACKS: false })).toBeDefined());
  test('takes a public name', () => {
    expect(webhookRefusal('https://example.org/hook', { THINKFIRST_PRIVATE_CALLBACKS: false })).toBeUndefined();
  });
});
