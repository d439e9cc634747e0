import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseEnvironment } from '../../src/entry/environment.ts';
import { type Limits, openLimits } from '../../src/entry/http/open-limits.ts';
import { openRecords } from '../../src/entry/open-records.ts';
import { keyLimitsSuite } from '../suites/key-limits.suite.ts';
import { redisMissing, startTestRedis, type TestRedis } from '../support/redis-server.ts';

const missing = redisMissing();

describe.skipIf(missing !== undefined)('on Redis', () => {
  let redis: TestRedis;
  const opened: Array<() => unknown> = [];
  const process = async (): Promise<Limits> => {
    const environment = parseEnvironment({ REDIS_URL: redis.url, REDIS_PREFIX: 'limits-test' });
    const { records } = await openRecords(environment);
    const limits = openLimits(environment, records);
    opened.push(
      () => limits.close(),
      () => records.close(),
    );
    return limits;
  };
  beforeAll(async () => {
    redis = await startTestRedis();
  });
  afterAll(async () => {
    for (const close of opened) await close();
    await redis.close();
  });

  keyLimitsSuite('Redis, three processes', async () => [await process(), await process(), await process()]);

  test('an outage is told as one of the backend', async () => {
    if (redis.outage === undefined) return;
    const { requestLimiter, ledger } = await process();
    await requestLimiter.take('key_a', 10);
    await redis.outage.begin();
    await expect(requestLimiter.take('key_a', 10)).rejects.toMatchObject({ code: 'backend_unavailable' });
    await expect(ledger.open('key_a')).rejects.toMatchObject({ code: 'backend_unavailable' });
    await redis.outage.end();
  });
});
