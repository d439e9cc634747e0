import { Redis } from 'ioredis';
import { describe, test } from 'vitest';
import { createBullmqQueue } from '../../src/queue/bullmq-queue.ts';
import { openRedisConnection } from '../../src/queue/redis-connection.ts';
import { createRedisStore } from '../../src/queue/redis-store.ts';
import { jobQueueSuite } from '../suites/job-queue.suite.ts';
import { testTerminalLines } from '../support/queue-jobs.ts';
import { redisMissing, startTestRedis } from '../support/redis-server.ts';

const missing = redisMissing();

if (missing) {
  describe('JobQueue on Redis', () => {
    test.skip(missing, () => {});
  });
} else {
  jobQueueSuite('Redis', async () => {
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
      store: (queue) => createRedisStore(client, { prefix, queue }),
      async loseLock(queue, id) {
        await client.del(`${prefix}:${queue}:${id}:lock`);
      },
      async flag(queue, id, command) {
        await client.hset(`${prefix}:${queue}:${id}`, `tf:${command}`, '1');
      },
      async close() {
        for (const connection of connections) await connection.close();
        client.disconnect();
        await redis.close();
      },
    };
  });
}
