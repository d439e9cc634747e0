import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { JobLease, JobQueue } from '../../src/core/job-queue.ts';
import { createRedisQueue } from '../../src/queue/redis/redis-queue.ts';
import { startChild } from '../support/child-process.ts';
import { aborted, gate, makeJob, nextWire, readAll, terminal, testTerminalLines, wire } from '../support/queue-jobs.ts';
import { startRedisLink } from '../support/redis-link.ts';
import { redisMissing, startTestRedis, type TestRedis } from '../support/redis-server.ts';

const missing = redisMissing();
const child = new URL('../support/queue-child.ts', import.meta.url);
const shared = 'takes a server that the test may stop, and REDIS_URL names a shared one';

describe.skipIf(missing)(`the queue on Redis, and what dies${missing ? ` (${missing})` : ''}`, () => {
  let redis: TestRedis;
  let opened: JobQueue[];
  let prefix: string;
  const open = async (url = redis.url) => {
    const queue = await createRedisQueue({
      url,
      prefix,
      terminalLines: testTerminalLines,
      log: { warn() {} },
    });
    opened.push(queue);
    return queue;
  };
  beforeAll(async () => {
    redis = await startTestRedis();
  });
  afterAll(() => redis?.close());
  beforeEach(() => {
    prefix = `thinkfirst-test-${randomUUID()}`;
    opened = [];
  });
  afterEach(async () => {
    for (const queue of opened) await queue.close();
  });

  test('a killed worker costs nothing: another goes on with its log', async () => {
    const queue = await open();
    const job = makeJob();
    await queue.add(job);
    const worker = startChild(child, ['redis', redis.url, prefix]);
    await worker.saw(`leased ${job.id}`);
    await worker.kill();
    await queue.consume({ concurrency: 1, models: ['scripted'] }, (lease) =>
      lease.append([terminal(nextWire(lease.log))]),
    );
    expect(await readAll(queue, job.id)).toEqual([wire(0, 'attempt 1'), terminal(1)]);
  });

  test('says in one line that Redis is not there, and shows no password', async () => {
    const start = createRedisQueue({
      url: 'redis://user:secret@127.0.0.1:1/3',
      prefix,
      terminalLines: testTerminalLines,
      log: { warn() {} },
    });
    await expect(start).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(/^Redis at redis:\/\/127\.0\.0\.1:1\/3 is not reachable: [^\n]*$/),
    });
  });

  test('says why Redis hangs up on whoever connects', async (context) => {
    if (!redis.outage) return context.skip(shared);
    const full = await startTestRedis();
    const client = new Redis(full.url);
    await client.config('SET', 'maxclients', 1);
    const start = createRedisQueue({ url: full.url, prefix, terminalLines: testTerminalLines, log: { warn() {} } });
    await expect(start).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(/is not reachable: max number of clients reached$/),
    });
    client.disconnect();
    await full.close();
  });

  test('every call fails clearly while Redis is away, and works again by itself', async (context) => {
    if (!redis.outage) return context.skip(shared);
    const queue = await open();
    const [before, after] = [makeJob(), makeJob()];
    await queue.consume({ concurrency: 1, models: ['scripted'] }, (lease) =>
      lease.append([terminal(nextWire(lease.log))]),
    );
    await queue.add(before);
    await readAll(queue, before.id);
    await redis.outage.begin();
    const away = { code: 'backend_unavailable', retryable: true };
    await expect(queue.add(after)).rejects.toMatchObject(away);
    await expect(queue.get(before.id)).rejects.toMatchObject(away);
    await expect(queue.list({ owner: null, limit: 1 })).rejects.toMatchObject(away);
    await expect(queue.control(before.id, 'cancel')).rejects.toMatchObject(away);
    await expect(queue.remove(before.id)).rejects.toMatchObject(away);
    await expect(readAll(queue, before.id)).rejects.toMatchObject(away);
    await redis.outage.end();
    await vi.waitFor(() => queue.add(after), { timeout: 30_000 });
    expect(await readAll(queue, after.id)).toEqual([terminal(0)]);
    expect(await readAll(queue, before.id)).toEqual([terminal(0)]);
  });

  test('a Redis that accepts and never answers hangs no call', async (context) => {
    if (!redis.outage) return context.skip(shared);
    const queue = await open();
    redis.outage.freeze();
    try {
      await expect(queue.get('resp_x')).rejects.toMatchObject({ code: 'backend_unavailable' });
    } finally {
      redis.outage.thaw();
    }
  });

  test('a running attempt writes on through a short outage, each line once', async (context) => {
    if (!redis.outage) return context.skip(shared);
    const queue = await open();
    const job = makeJob();
    const leased = gate<JobLease>();
    const done = gate();
    await queue.add(job);
    await queue.consume({ concurrency: 1, models: ['scripted'] }, async (lease) => {
      leased.open(lease);
      await Promise.race([done.promise, aborted(lease.signal)]);
    });
    const lease = await leased.promise;
    await lease.append([wire(0)]);
    await redis.outage.begin();
    const writing = lease.append([wire(1)]).then(() => lease.append([wire(2), terminal(3)]));
    await redis.outage.end();
    await writing;
    done.open();
    await expect.poll(() => readAll(queue, job.id)).toEqual([wire(0), wire(1), wire(2), terminal(3)]);
  });

  test('an attempt whose line was written and the answer lost goes on, each line once', async () => {
    const link = await startRedisLink(redis.url);
    const queue = await open(link.url);
    try {
      const job = makeJob();
      const attempts: number[] = [];
      await queue.add(job);
      await queue.consume({ concurrency: 1, models: ['scripted'] }, async (lease) => {
        attempts.push(lease.attempt);
        await lease.append([wire(nextWire(lease.log), `attempt ${lease.attempt}`)]);
        // The client sends it again by itself.
        if (lease.attempt === 1) link.loseAnswer('appended');
        await lease.append([wire(nextWire(lease.log) + 1, `attempt ${lease.attempt}`)]);
        await lease.append([terminal(nextWire(lease.log) + 2)]);
      });
      expect(await readAll(queue, job.id)).toEqual([wire(0, 'attempt 1'), wire(1, 'attempt 1'), terminal(2)]);
      expect(attempts).toEqual([1]);
      expect(link.lost).toBe(1);
    } finally {
      await queue.close();
      opened = [];
      await link.close();
    }
  });

  test('closes while Redis is away', async (context) => {
    if (!redis.outage) return context.skip(shared);
    const queue = await open();
    await queue.consume({ concurrency: 1, models: ['scripted'] }, (lease) => lease.append([terminal(0)]));
    await redis.outage.begin();
    await queue.close();
    opened = [];
    await redis.outage.end();
  });
});
