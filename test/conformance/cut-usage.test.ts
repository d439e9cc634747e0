import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Response } from '../../src/contracts/responses/response.ts';
import { loggedUsage } from '../../src/contracts/responses/response-from-log.ts';
import { terminalLines } from '../../src/contracts/responses/terminal-lines.ts';
import { totalTokens } from '../../src/contracts/responses/usage.ts';
import type { JobQueue } from '../../src/core/job-queue.ts';
import type { LanguageModel } from '../../src/core/language-model.ts';
import { parseEnvironment } from '../../src/entry/environment.ts';
import { openLimits } from '../../src/entry/http/open-limits.ts';
import { openEmbeddedConnection } from '../../src/queue/embedded/embedded-connection.ts';
import { queueName } from '../../src/queue/queue-names.ts';
import { openRedisConnection } from '../../src/queue/redis/redis-connection.ts';
import { createBullmqQueue } from '../../src/queue/responses/bullmq-queue.ts';
import { loadPrompts } from '../../src/reasoning/prompts.ts';
import { createStrategies } from '../../src/reasoning/strategies/index.ts';
import type { UsageLedger } from '../../src/store/usage-ledger.ts';
import { runResponse } from '../../src/worker/run-response.ts';
import { table } from '../api/responses/fixture.ts';
import { createKeyedApi } from '../api/responses/keyed-api.ts';
import { quick } from '../suites/job-queue.suite.ts';
import { createMemoryRecords } from '../support/memory-records.ts';
import { readAll } from '../support/queue-jobs.ts';
import { redisMissing, startTestRedis } from '../support/redis-server.ts';
import { connect } from '../support/upstream-run.ts';
import type { Fault } from '../support/upstream-server.ts';

type Backend = {
  /** As another process would have it, until the test ends. */
  open(): Promise<JobQueue>;
  ledger: UsageLedger;
  /** What a worker's death looks like from outside. */
  loseLock(id: string): Promise<void>;
  close(): Promise<void>;
};

const onError = () => {};
const base = 'cut';
const queue = queueName(base, { model: 'tiny', tier: 'default' });
const records = () => createMemoryRecords();

async function onRedis(): Promise<Backend> {
  const redis = await startTestRedis();
  const prefix = '{cut-usage}';
  const client = new Redis(redis.url);
  const limits = openLimits(parseEnvironment({ REDIS_URL: redis.url, REDIS_PREFIX: 'cut-usage' }), records());
  return {
    async close() {
      limits.close();
      client.disconnect();
      await redis.close();
    },
    ledger: limits.ledger,
    async open() {
      const connection = await openRedisConnection({ url: redis.url, prefix, onError });
      return closing(
        await createBullmqQueue({ connection, name: base, settings: quick, terminalLines, onError }),
        connection,
      );
    },
    async loseLock(id) {
      await client.del(`${prefix}:${queue}:${id}:lock`);
    },
  };
}

async function onPglite(): Promise<Backend> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'thinkfirst-cut-'));
  const connection = await openEmbeddedConnection({ dataFolder, onError });
  return {
    async close() {
      await connection.close();
      await rm(dataFolder, { recursive: true, force: true });
    },
    ledger: openLimits(parseEnvironment({}), records()).ledger,
    open: async () =>
      closing(await createBullmqQueue({ connection, name: base, settings: quick, terminalLines, onError })),
    async loseLock(id) {
      await connection.query(
        `UPDATE bullmq.job SET lock_token = 'gone', locked_until_ms = 0, stalled_marked = true WHERE queue = $1 AND id = $2`,
        [queue, id],
      );
    },
  };
}

function closing(opened: JobQueue, connection?: { close(): Promise<void> }): JobQueue {
  onTestFinished(async () => {
    await opened.close();
    await connection?.close();
  });
  return opened;
}

/** A server that sends no token ids and no log-probabilities: a thought of 300 words, a token each. */
const thought = Array.from({ length: 300 }, (_, index) => ` t${index}`);
const script = { thoughts: thought, answer: [' The', ' answer', ' is', ' 7.'] };
const upstream = async (faults: readonly Fault[]) =>
  (
    await connect(
      { dialect: 'plain', script, spelling: 'reasoning_content', faults },
      { id: 'tiny', family: 'plain', dialect: 'ollama' },
    )
  ).model;

/** A worker of `queue`, with the strategies as they are. */
async function work(queue: JobQueue, model: LanguageModel): Promise<void> {
  const strategies = createStrategies({ prompts: loadPrompts('prompts') });
  await queue.consume({ concurrency: 1, models: ['tiny'] }, (lease) =>
    runResponse(lease, {
      models: new Map([['tiny', model]]),
      strategies,
      effortTable: () => table,
      summarise: () => '',
      now: Date.now,
      log: { info: onError, warn: onError, error: onError },
    }),
  );
}

/** Says when `model` has sent `count` events. `deaf`: it hears of no abort, as a worker's that hangs. */
function counted(model: LanguageModel, count: number, { deaf = false } = {}) {
  let reach = (): void => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const generate: LanguageModel['generate'] = async function* (request, options) {
    let seen = 0;
    const signal = deaf ? new AbortController().signal : options.signal;
    for await (const event of model.generate(request, { ...options, signal })) {
      yield event;
      seen += 1;
      if (seen === count) reach();
    }
  };
  return { model: { ...model, generate }, reached };
}

async function service({ ledger, open }: Backend) {
  const queue = await open();
  const api = await createKeyedApi({ overrides: { queue, ledger, now: Date.now, newId: id } });
  const { secret, id: key } = await api.create({ tokens_per_day: perDay });
  const asked = {
    input: 'a b c',
    background: true,
    reasoning: { effort: 'low', strategy: 'budget-forcing', budget_tokens: 400 },
  };
  const read = async (answer: globalThis.Response) => Response.parse(await answer.json());
  return {
    ask: async () => (await read(await api.as(secret, '/v1/responses', asked))).id,
    cancel: (id: string) => api.as(secret, `/v1/responses/${id}/cancel`, {}),
    get: async (id: string) => read(await api.as(secret, `/v1/responses/${id}?wait=20`)),
    /** Waits until the log, which is written behind the model, says that so many tokens were used. */
    logged: (id: string, tokens: number) =>
      expect
        .poll(async () => totalTokens(loggedUsage(await readAll(queue, id, { stream: 'trace', follow: false }))))
        .toBeGreaterThanOrEqual(tokens),
    /** What the quota has lost, once nothing is kept for a response any more. */
    async charged() {
      await expect.poll(async () => (await ledger.open(key)).size).toBe(0);
      const probe = { id: `resp_probe_${Math.random()}`, tokens: 0, batch: false };
      const outcome = await ledger.reserve(key, probe, { concurrent_responses: null, tokens_per_day: perDay });
      await ledger.settle(key, probe.id, 0);
      return outcome.type === 'reserved' && outcome.tokensLeft !== null ? perDay - outcome.tokensLeft : undefined;
    },
  };
}

const perDay = 100_000;
let ids = 0;
const id = () => `cut${ids++}`;

describe.each([
  ['PGlite', onPglite],
  ['Redis', onRedis],
])('a response that is cut short, on %s', (name, openBackend) => {
  const missing = name === 'Redis' ? redisMissing() : undefined;
  const run = test.skipIf(missing !== undefined);
  let backend: Backend;
  beforeAll(async () => {
    if (missing === undefined) backend = await openBackend();
  });
  afterAll(() => backend?.close());

  run('is charged for what came of it, cancelled before any sample of it has ended', async () => {
    const { ask, cancel, get, charged } = await service(backend);
    const { model, reached } = counted(await upstream([{ kind: 'hang', chunks: 60 }]), 40);
    await work(await backend.open(), model);
    const id = await ask();
    await reached;
    expect((await cancel(id)).status).toBe(200);
    const response = await get(id);
    expect(response.status).toBe('cancelled');
    expect(response.usage?.input_tokens).toBe(3);
    expect(response.usage?.phases.think).toBeGreaterThanOrEqual(39);
    expect(response.usage?.phases.think).toBeLessThanOrEqual(60);
    expect(await charged()).toBe(response.usage?.total_tokens);
  });

  run('is charged for what its log says where the worker has died, and another process ends it', async () => {
    const { ask, cancel, get, logged, charged } = await service(backend);
    const { model, reached } = counted(await upstream([{ kind: 'hang', chunks: 280 }]), 270, { deaf: true });
    await work(await backend.open(), model);
    const id = await ask();
    await reached;
    await logged(id, 256);
    expect((await cancel(id)).status).toBe(200);
    await backend.loseLock(id);
    await work(await backend.open(), await upstream([]));
    const response = await get(id);
    expect(response.status).toBe('cancelled');
    expect(response.usage?.total_tokens).toBeGreaterThanOrEqual(256);
    expect(response.usage?.total_tokens).toBeLessThanOrEqual(283);
    expect(await charged()).toBe(response.usage?.total_tokens);
  });

  run('is charged once for what two workers thought, and for no less than the first had logged', async () => {
    const { ask, cancel, get, logged, charged } = await service(backend);
    const first = counted(await upstream([{ kind: 'hang', chunks: 280 }]), 270, { deaf: true });
    await work(await backend.open(), first.model);
    const id = await ask();
    await first.reached;
    await logged(id, 256);
    const second = counted(await upstream([{ kind: 'hang', chunks: 60 }]), 40);
    await work(await backend.open(), second.model);
    await backend.loseLock(id);
    await second.reached;
    await cancel(id);
    const response = await get(id);
    expect(response.status).toBe('cancelled');
    expect(response.usage?.total_tokens).toBeGreaterThanOrEqual(256);
    expect(response.usage?.total_tokens).toBeLessThanOrEqual(283);
    expect(await charged()).toBe(response.usage?.total_tokens);
  });

  run('costs what an undisturbed one costs where another worker brings it to its end', async () => {
    const { ask, get, logged, charged } = await service(backend);
    const first = counted(await upstream([{ kind: 'hang', chunks: 280 }]), 270, { deaf: true });
    await work(await backend.open(), first.model);
    const id = await ask();
    await first.reached;
    await logged(id, 256);
    await work(await backend.open(), await upstream([]));
    await backend.loseLock(id);
    const response = await get(id);
    expect(response).toMatchObject({ status: 'completed' });
    expect(response.usage?.output_tokens).toBeLessThan(400);
    expect(await charged()).toBe(response.usage?.total_tokens);
  });
});
