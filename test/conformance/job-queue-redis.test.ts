import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { openRedisConnection } from '../../src/queue/redis/redis-connection.ts';
import { createRedisStore } from '../../src/queue/redis/redis-store.ts';
import { createBullmqQueue } from '../../src/queue/responses/bullmq-queue.ts';
import type { Notice } from '../../src/queue/responses/notices.ts';
import { type JobQueueBackend, jobQueueSuite } from '../suites/job-queue.suite.ts';
import { jobQueueOrderSuite } from '../suites/job-queue-order.suite.ts';
import { queueOf, testTerminalLines } from '../support/queue-jobs.ts';
import { redisMissing, startTestRedis } from '../support/redis-server.ts';

const missing = redisMissing();

if (missing) {
  describe('JobQueue on Redis', () => {
    test.skip(missing, () => {});
  });
} else {
  const openBackend = async (): Promise<JobQueueBackend> => {
    const redis = await startTestRedis();
    const prefix = '{thinkfirst-test}';
    const client = new Redis(redis.url);
    const onError = () => {};
    const connections: { close(): Promise<void> }[] = [];
    return {
      async open(name, settings) {
        const connection = await openRedisConnection({ url: redis.url, prefix, onError });
        connections.push(connection);
        return createBullmqQueue({ connection, name, settings, terminalLines: testTerminalLines, onError });
      },
      store: (name) => createRedisStore(client, { prefix, queue: queueOf(name), channel: `${prefix}:${name}:notices` }),
      async loseLock(queue, id) {
        await client.del(`${prefix}:${queueOf(queue)}:${id}:lock`);
      },
      async flag(queue, id, command) {
        await client.hset(`${prefix}:${queueOf(queue)}:${id}`, `tf:${command}`, '1');
      },
      async close() {
        for (const connection of connections) await connection.close();
        client.disconnect();
        await redis.close();
      },
    };
  };
  test('a notice has the rows that were appended, so that readers elsewhere need not read them, unless they are long', async () => {
    const redis = await startTestRedis();
    const connection = await openRedisConnection({ url: redis.url, prefix: '{notices}', onError() {} });
    const notices: Notice[] = [];
    const subscription = await connection.subscribe('base', (notice) => notices.push(notice));
    await connection.client.hset('{notices}:base.queue:a', 'data', '{}');
    const store = connection.store('base.queue', 'base');
    await store.append({ id: 'a', expectedLength: 0, rows: ['{"a b":1}', '{}'] });
    await store.append({ id: 'a', expectedLength: 2, rows: ['x'.repeat(5_000)] });
    await expect
      .poll(() => notices)
      .toEqual([
        { type: 'log', id: 'a', change: { from: 0, rows: ['{"a b":1}', '{}'] } },
        { type: 'log', id: 'a', change: { from: 3, rows: [] } },
      ]);
    await subscription.close();
    await connection.close();
    await redis.close();
  });

  jobQueueSuite('Redis', openBackend);
  jobQueueOrderSuite('Redis', openBackend);
}
