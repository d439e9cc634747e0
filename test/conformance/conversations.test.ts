import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { terminalLines } from '../../src/contracts/responses/terminal-lines.ts';
import type { JobQueue } from '../../src/core/job-queue.ts';
import { parseEnvironment } from '../../src/entry/environment.ts';
import { openRecords } from '../../src/entry/open-records.ts';
import { createEmbeddedQueue } from '../../src/queue/embedded/embedded-queue.ts';
import { createRedisQueue } from '../../src/queue/redis/redis-queue.ts';
import { scriptedWorker } from '../api/responses/scripted-worker.ts';
import { conversationsSuite, deltas } from '../suites/conversations.suite.ts';
import { redisMissing, startTestRedis, type TestRedis } from '../support/redis-server.ts';

const log = { warn() {} };
const work = (queue: JobQueue) => queue.consume({ concurrency: 4, models: ['tiny'] }, scriptedWorker({ deltas }));

describe('in the data folder', () => {
  let folder: string;
  let queue: JobQueue;
  let stores = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thinkfirst-conversations-'));
    queue = await createEmbeddedQueue({ dataFolder: folder, terminalLines, log });
    await work(queue);
  });
  afterAll(async () => {
    await queue.close();
    await rm(folder, { recursive: true, force: true });
  });

  conversationsSuite('the embedded store', async () => {
    const { records } = await openRecords(parseEnvironment({ THINKFIRST_DATA: join(folder, `${stores++}`) }));
    return { queue, records };
  });
});

describe.skipIf(redisMissing() !== undefined)('on Redis', () => {
  let redis: TestRedis;
  let queue: JobQueue;
  let stores = 0;
  beforeAll(async () => {
    redis = await startTestRedis();
    queue = await createRedisQueue({ url: redis.url, prefix: `conversations-${process.pid}`, terminalLines, log });
    await work(queue);
  });
  afterAll(async () => {
    await queue.close();
    await redis.close();
  });

  conversationsSuite('Redis', async () => {
    const environment = { REDIS_URL: redis.url, REDIS_PREFIX: `conversations-${process.pid}-${stores++}` };
    return { queue, records: (await openRecords(parseEnvironment(environment))).records };
  });
});
