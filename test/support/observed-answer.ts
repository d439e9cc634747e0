import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Queue } from 'bullmq';
import { z } from 'zod';
import { boardPath } from '../../src/api/routes/operations.ts';
import { Response } from '../../src/contracts/responses/response.ts';
import { terminalLines } from '../../src/contracts/responses/terminal-lines.ts';
import type { JobQueue } from '../../src/core/job-queue.ts';
import { createEmbeddedQueue } from '../../src/queue/embedded/embedded-queue.ts';
import { createRedisQueue } from '../../src/queue/redis/redis-queue.ts';
import type { QueueInstruments } from '../../src/queue/responses/bullmq-parts.ts';
import { loadPrompts } from '../../src/reasoning/prompts.ts';
import { createStrategies } from '../../src/reasoning/strategies/index.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { observeHttp } from '../../src/telemetry/observe-http.ts';
import { observeModel } from '../../src/telemetry/observe-model.ts';
import { observeQueue } from '../../src/telemetry/observe-queue.ts';
import { createQueueBoard } from '../../src/telemetry/queue-board.ts';
import { startTracing } from '../../src/telemetry/start-tracing.ts';
import { runResponse } from '../../src/worker/run-response.ts';
import { createApi, table } from '../api/responses/fixture.ts';
import { startOtlpCollector } from './otlp-collector.ts';
import { startTestRedis } from './redis-server.ts';
import { createScriptedModel } from './scripted-language-model.ts';

const Board = z.object({ queues: z.array(z.looseObject({})) });

/** Words that nobody outside may see. */
const question = 'MARKED-QUESTION what is 40 + 2?';
const thought = 'MARKED-THOUGHT 40 + 2 = 42.';
const answer = 'MARKED-ANSWER 42';

export type OpenObserved = (instruments: QueueInstruments) => Promise<{
  queue: JobQueue;
  close(): Promise<void>;
}>;

const log = { warn: () => undefined };

export const onRedis: OpenObserved = async (instruments) => {
  const redis = await startTestRedis();
  const prefix = `observed-${Date.now()}`;
  const queue = await createRedisQueue({ url: redis.url, prefix, terminalLines, log, instruments });
  return {
    queue,
    async close() {
      await queue.close();
      await redis.close();
    },
  };
};

export const embedded: OpenObserved = async (instruments) => {
  const dataFolder = await mkdtemp(join(tmpdir(), 'thinkfirst-observed-'));
  const queue = await createEmbeddedQueue({ dataFolder, terminalLines, log, instruments });
  return {
    queue,
    async close() {
      await queue.close();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
};

/** API and worker over the mode's queue, all of it observed, and one response requested within a caller's trace. */
export async function observedAnswer(open: OpenObserved) {
  const collector = await startOtlpCollector();
  const tracing = startTracing({ endpoint: collector.endpoint, service: 'test', ratio: 1 });
  const metrics = createMetrics();
  const queues: Queue[] = [];
  const { queue: bare, close } = await open({
    telemetry: tracing.bullmq,
    onQueue: (opened) => void queues.push(opened),
  });
  const queue = observeQueue(bare, { metrics, tracing, now: Date.now });
  const scripted = createScriptedModel({ id: 'tiny', script: () => ({ thought, answer }) });
  const model = observeModel(scripted, { metrics, tracing, provider: 'thinkfirst' });
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  await queue.consume({ concurrency: 2, models: ['tiny'] }, (lease) =>
    runResponse(lease, {
      models: new Map([['tiny', model]]),
      strategies: createStrategies({ prompts: loadPrompts('prompts') }),
      effortTable: () => table,
      summarise: () => '',
      now: Date.now,
      log: quiet,
    }),
  );
  const board = createQueueBoard({ queues: () => queues, path: boardPath });
  const operations = { observe: observeHttp({ metrics, tracing }), metrics, board: async () => board };
  const { app, ask } = createApi({ queue, operations, now: Date.now });
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
  const reasoning = { effort: 'low', checks: [{ type: 'arithmetic' }] };
  const headers = { 'content-type': 'application/json', traceparent };
  const asked = await ask({ input: question, reasoning }, { headers });
  const response = Response.parse(await asked.json());
  const page = await (await app.request(boardPath)).text();
  const seen = Board.parse(await (await app.request(`${boardPath}/api/queues`)).json());
  const jobPath = `${boardPath}/api/queues/${queues.find(({ name }) => name.endsWith('.tiny.default'))?.name}/${response.id}`;
  const job = await (await app.request(jobPath)).text();
  const removal = await app.request(`${jobPath}/clean`, { method: 'PUT' });
  const exposition = await (await app.request('/metrics')).text();
  await close();
  await tracing.close();
  await collector.close();
  return { collector, traceId, response, exposition, board: { page, seen, job, removal } };
}
