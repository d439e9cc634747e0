import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { LogLine } from '../../src/contracts/responses/job.ts';
import { ResponseEvent } from '../../src/contracts/responses/response-event.ts';
import { outputText } from '../../src/contracts/responses/response-from-log.ts';
import { terminalLines } from '../../src/contracts/responses/terminal-lines.ts';
import { exportJobs } from '../../src/maintenance/transfer-jobs.ts';
import { createRedisQueue } from '../../src/queue/redis/redis-queue.ts';
import { loadPrompts } from '../../src/reasoning/prompts.ts';
import { createStrategies } from '../../src/reasoning/strategies/index.ts';
import { runResponse } from '../../src/worker/run-response.ts';
import { sealer, table } from '../api/responses/fixture.ts';
import { readAll } from '../support/queue-jobs.ts';
import { redisMissing, startTestRedis } from '../support/redis-server.ts';
import { createScriptedModel } from '../support/scripted-language-model.ts';

/** Redis as a version with one queue for everything left it: one job half answered, one waiting. */
const Recorded = z.object({
  jobs: z.array(z.object({ id: z.string(), hash: z.record(z.string(), z.string()), logs: z.array(z.string()) })),
});
const { jobs } = Recorded.parse(
  JSON.parse(readFileSync(new URL('../fixtures/jobs-of-one-queue.json', import.meta.url), 'utf8')),
);

describe.skipIf(redisMissing())('jobs that an older version left', () => {
  test('are listed, gone on with and ended by this one, from what they had', async () => {
    const redis = await startTestRedis();
    const prefix = `older-${process.pid}`;
    const client = new Redis(redis.url);
    for (const { id, hash, logs } of jobs) {
      await client.hset(`${prefix}:responses:${id}`, hash);
      if (logs.length > 0) await client.rpush(`${prefix}:responses:${id}:logs`, ...logs);
      await client.lpush(`${prefix}:responses:wait`, id);
      await client.zadd(`${prefix}:responses:tf:owner:none`, Number(hash['timestamp']), id);
    }
    const queue = await createRedisQueue({ url: redis.url, prefix, terminalLines, log: { warn() {} } });
    const [half, waiting] = jobs;
    expect(await queue.get(half?.id ?? '')).toMatchObject({ status: 'in_progress' });
    expect(await queue.get(waiting?.id ?? '')).toMatchObject({ status: 'queued' });
    expect((await queue.list({ owner: null, limit: 10 })).jobs).toHaveLength(2);
    const exported: string[] = [];
    for await (const { job } of exportJobs(queue.queues)) exported.push(job.id);
    expect(exported.sort()).toEqual(jobs.map(({ id }) => id).sort());

    const model = createScriptedModel({ id: 'tiny', script: () => ({ thought: 'new', answer: 'Something else.' }) });
    const strategies = createStrategies({ prompts: loadPrompts('prompts') });
    const quiet = { info() {}, warn() {}, error() {} };
    await queue.consume({ concurrency: 2, models: ['tiny'] }, (lease) =>
      runResponse(lease, {
        models: new Map([['tiny', model]]),
        strategies,
        effortTable: () => table,
        summarise: () => 'a summary',
        seal: sealer.seal,
        now: Date.now,
        log: quiet,
      }),
    );
    const before = (half?.logs ?? [])
      .map((row) => LogLine.parse(JSON.parse(row)))
      .filter(({ stream }) => stream === 'wire');
    const lines = await readAll(queue, half?.id ?? '');
    expect(lines.slice(0, before.length)).toEqual(before);
    const first = before[0]?.number ?? -1;
    expect(lines.map(({ number }) => number)).toEqual(lines.map((_, index) => first + index));
    const last = ResponseEvent.parse(lines.at(-1)?.data);
    const output = 'response' in last ? outputText(last.response.output) : '';
    // Its chains were kept: the model is asked for nothing, and the older version's sentence is finished.
    expect(output).toBe('The answer is 42, said the older version of this service.');
    expect((await readAll(queue, waiting?.id ?? '')).at(-1)).toMatchObject({ terminal: 'completed' });
    expect(model.calls).toHaveLength(1);
    for await (const { job } of exportJobs(queue.queues)) exported.push(job.id);
    expect(exported).toHaveLength(2 * jobs.length);
    await queue.close();
    client.disconnect();
    await redis.close();
  });

  test('of two models that shared a queue are taken by a worker of theirs alone', async () => {
    const redis = await startTestRedis();
    const prefix = `shared-${process.pid}`;
    const client = new Redis(redis.url);
    const name = 'responses.tiny_1.default';
    for (const [id, model] of [
      ['resp_under', 'tiny_1'],
      ['resp_colon', 'tiny:1'],
    ] as const) {
      const hash = jobs[1]?.hash ?? {};
      const stored = JSON.parse(hash['data'] ?? '');
      const job = JSON.stringify({ ...JSON.parse(stored.job), id, model });
      await client.hset(`${prefix}:${name}:${id}`, { ...hash, data: JSON.stringify({ ...stored, job }) });
      await client.lpush(`${prefix}:${name}:wait`, id);
      await client.hset(`${prefix}:responses:tf:places`, id, name);
      await client.sadd(`${prefix}:responses:tf:queues`, name);
    }
    const settings = { pollMs: 50 };
    const queue = await createRedisQueue({ url: redis.url, prefix, terminalLines, settings, log: { warn() {} } });
    const ran: string[] = [];
    const run = (model: string) =>
      queue.consume({ concurrency: 1, models: [model] }, async (lease) => {
        ran.push(`${model} ${lease.job.id}`);
        await lease.append([terminalLines.cancelled(lease.job, lease.log)]);
      });
    await run('tiny:1');
    await readAll(queue, 'resp_colon');
    expect((await queue.get('resp_under'))?.terminal).toBeUndefined();
    await run('tiny_1');
    await readAll(queue, 'resp_under');
    expect(ran).toEqual(['tiny:1 resp_colon', 'tiny_1 resp_under']);
    await queue.close();
    client.disconnect();
    await redis.close();
  });
});
