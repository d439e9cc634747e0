import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRedisCluster } from '../../src/queue/redis/redis-client.ts';
import { createRedisQueue } from '../../src/queue/redis/redis-queue.ts';
import { createRedisRecords } from '../../src/store/redis-records.ts';
import { gate, makeJob, readAll, terminal, testTerminalLines, wire } from '../support/queue-jobs.ts';
import { startTestCluster } from '../support/redis-cluster.ts';
import { redisMissing } from '../support/redis-server.ts';

/** The suite runs on one server; here is what a cluster could refuse: scripts over several keys, notices, lists. */
describe.skipIf(redisMissing() || process.env['REDIS_URL'])('a Redis Cluster of three masters', () => {
  let cluster: Awaited<ReturnType<typeof startTestCluster>>;
  beforeAll(async () => {
    cluster = await startTestCluster();
  });
  afterAll(() => cluster.close());
  const open = (prefix: string) =>
    createRedisQueue({ url: cluster.urls, prefix, terminalLines: testTerminalLines, log: { warn() {} } });

  test('runs, cancels, lists and removes jobs over two instances', async () => {
    const prefix = `cluster-${randomUUID()}`;
    const [one, two] = await Promise.all([open(prefix), open(prefix)]);
    const jobs = Array.from({ length: 10 }, () => makeJob({ owner: 'ann' }));
    for (const job of jobs) expect(await one.add(job)).toEqual({ created: true });
    const [cancelled] = jobs;
    expect(await two.control(cancelled?.id ?? '', 'cancel')).toBe('accepted');
    await two.consume({ concurrency: 3, models: ['scripted'] }, (lease) => lease.append([wire(0), terminal(1)]));
    for (const { id } of jobs.slice(1)) expect(await readAll(one, id)).toEqual([wire(0), terminal(1)]);
    expect((await one.list({ owner: 'ann', limit: 20 })).jobs).toHaveLength(10);
    expect((await two.existing(jobs.map(({ id }) => id))).size).toBe(10);
    for (const { id } of jobs) expect(await one.remove(id)).toBe(true);
    expect((await two.list({ owner: 'ann', limit: 20 })).jobs).toEqual([]);
    await Promise.all([one.close(), two.close()]);
  });

  test('tells a running worker of another instance to stop', async () => {
    const prefix = `cluster-${randomUUID()}`;
    const [one, two] = await Promise.all([open(prefix), open(prefix)]);
    const job = makeJob();
    const leased = gate();
    await one.add(job);
    await two.consume({ concurrency: 1, models: ['scripted'] }, async (lease) => {
      leased.open();
      await new Promise((resolve) => lease.signal.addEventListener('abort', resolve));
    });
    await leased.promise;
    expect(await one.control(job.id, 'cancel')).toBe('accepted');
    expect(await readAll(one, job.id)).toMatchObject([{ terminal: 'cancelled' }]);
    await Promise.all([one.close(), two.close()]);
  });

  test('keeps records, lists them, and loses no change', async () => {
    const client = createRedisCluster(cluster.urls);
    const records = createRedisRecords({ redis: client, base: `{records-${randomUUID()}}-records` });
    const keys = Array.from({ length: 30 }, (_, index) => `conversation:c${index}`);
    for (const key of keys) await records.set(key, { key });
    expect((await records.keys('conversation')).sort()).toEqual(keys.sort());
    await records.update('conversation:c0', (value) => [value, 'changed']);
    expect(await records.get('conversation:c0')).toEqual([{ key: 'conversation:c0' }, 'changed']);
    expect(await records.remove('conversation:c1')).toBe(true);
    expect(await records.keys('conversation')).toHaveLength(29);
    await records.close();
  });
});
