import { expect, test } from 'vitest';
import { openRedisConnection } from '../../src/queue/redis/redis-connection.ts';
import { createBullmqQueue } from '../../src/queue/responses/bullmq-queue.ts';
import { makeJob, testTerminalLines } from '../support/queue-jobs.ts';
import { redisMissing, startTestRedis } from '../support/redis-server.ts';

test.skipIf(redisMissing() !== undefined)(
  'a job whose time is over is told of while it is there, and stays where that fails',
  async () => {
    const redis = await startTestRedis();
    try {
      const onError = () => {};
      const connection = await openRedisConnection({ url: redis.url, prefix: `{expiring-${process.pid}}`, onError });
      const settings = { retentionMs: 1, sweepMs: 20 };
      const queue = await createBullmqQueue({ connection, settings, terminalLines: testTerminalLines, onError });
      const told: boolean[] = [];
      queue.onExpiring(async ({ id }) => {
        told.push((await queue.get(id)) !== undefined);
        if (told.length === 1) throw new Error('away');
      });
      const removed = new Promise<readonly { id: string }[]>((resolve) => {
        queue.onRemoved(async (jobs) => resolve(jobs));
      });
      const job = makeJob();
      await queue.add(job);
      await queue.control(job.id, 'cancel');
      await queue.consume({ concurrency: 1, models: ['scripted'] }, async () => {});
      expect(await removed).toMatchObject([{ id: job.id }]);
      expect(told).toEqual([true, true]);
      expect(await queue.get(job.id)).toBeUndefined();
      await queue.close();
      await connection.close();
    } finally {
      await redis.close();
    }
  },
);
