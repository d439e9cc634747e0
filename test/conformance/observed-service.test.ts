import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { boardPath } from '../../src/api/routes/operations.ts';
import { Response } from '../../src/contracts/response.ts';
import { terminalLines } from '../../src/contracts/terminal-lines.ts';
import { createScriptedModel } from '../../src/models/scripted.ts';
import { createEmbeddedQueue } from '../../src/queue/embedded-queue.ts';
import type { JobQueue } from '../../src/queue/job-queue.ts';
import { createRedisQueue } from '../../src/queue/redis-queue.ts';
import { loadPrompts } from '../../src/reasoning/prompts.ts';
import { createStrategies } from '../../src/reasoning/strategies/index.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { observeHttp } from '../../src/telemetry/observe-http.ts';
import { observeModel } from '../../src/telemetry/observe-model.ts';
import { observeQueue } from '../../src/telemetry/observe-queue.ts';
import { createQueueBoard } from '../../src/telemetry/queue-board.ts';
import { startTracing } from '../../src/telemetry/start-tracing.ts';
import { runResponse } from '../../src/worker/run-response.ts';
import { createApi, sealer, table } from '../api/fixture.ts';
import { startOtlpCollector } from '../support/otlp-collector.ts';
import { redisMissing, startTestRedis } from '../support/redis-server.ts';

/** Words that no one outside may see. */
const question = 'MARKED-QUESTION what is 40 + 2?';
const thought = 'MARKED-THOUGHT 40 + 2 = 42.';
const answer = 'MARKED-ANSWER 42';

type Open = (instruments: NonNullable<Parameters<typeof createRedisQueue>[0]['instruments']>) => Promise<{
  queue: JobQueue;
  close(): Promise<void>;
}>;

const log = { warn: () => undefined };

const onRedis: Open = async (instruments) => {
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

const embedded: Open = async (instruments) => {
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

/** API and worker over the mode's queue, all of it observed; one response, asked within a caller's trace. */
async function observedAnswer(open: Open) {
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
  await queue.consume({ concurrency: 2, models: ['scripted'] }, (lease) =>
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
  const headers = { 'content-type': 'application/json', traceparent };
  const asked = await ask({ input: question, reasoning: { effort: 'low' } }, { headers });
  const response = Response.parse(await asked.json());
  const page = await (await app.request(boardPath)).text();
  const seen = await (await app.request(`${boardPath}/api/queues?activeQueue=responses&page=1`)).text();
  const job = await (await app.request(`${boardPath}/api/queues/responses/${response.id}`)).text();
  const removal = await app.request(`${boardPath}/api/queues/responses/${response.id}/clean`, { method: 'PUT' });
  const exposition = await (await app.request('/metrics')).text();
  await close();
  await tracing.close();
  await collector.close();
  return { collector, traceId, response, exposition, board: { page, seen, job, removal } };
}

const modes: Array<[string, Open, boolean]> = [
  ['Redis', onRedis, redisMissing() !== undefined],
  ['embedded', embedded, false],
];

describe.each(modes)('seen from outside, %s', (_name, open, missing) => {
  describe.skipIf(missing)('one answer', () => {
    let seen: Awaited<ReturnType<typeof observedAnswer>>;
    beforeAll(async () => {
      seen = await observedAnswer(open);
    });
    afterAll(() => seen.collector.close().catch(() => undefined));

    test('one trace joins the request, the job, each step and each model call', () => {
      const spans = seen.collector.spans().filter(({ traceId }) => traceId === seen.traceId);
      const named = (pattern: RegExp) => spans.filter(({ name }) => pattern.test(name));
      const [http] = named(/^POST \/v1\/responses$/);
      expect(http).toMatchObject({
        parentSpanId: '00f067aa0ba902b7',
        attributes: { 'http.route': '/v1/responses', 'http.response.status_code': 200 },
      });
      const [add] = named(/\badd\b/);
      expect(add?.parentSpanId).toBe(http?.spanId);
      const [attempt] = named(/\bprocess\b/);
      expect(attempt).toMatchObject({
        parentSpanId: add?.spanId,
        attributes: { 'bullmq.job.id': seen.response.id },
      });
      const steps = named(/^step /);
      expect(steps.map(({ name }) => name)).toContain('step think');
      const calls = named(/^chat tiny$/);
      expect(calls.length).toBeGreaterThan(0);
      for (const span of [...steps, ...calls]) expect(span.parentSpanId).toBe(attempt?.spanId);
      expect(calls.at(-1)?.attributes).toMatchObject({
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'thinkfirst',
        'gen_ai.request.model': 'tiny',
      });
      const output = calls.reduce((sum, span) => sum + Number(span.attributes['gen_ai.usage.output_tokens']), 0);
      expect(output).toBeGreaterThan(0);
    });

    test('BullMQ housekeeping is not sent', () => {
      expect(seen.collector.received()).not.toMatch(/getNextJob|extendLocks|StalledJobs/i);
    });

    test('nobody’s words are in traces or metrics', () => {
      expect(seen.response.output_text).toContain('MARKED-ANSWER');
      expect(seen.collector.received()).not.toContain('MARKED');
      expect(seen.exposition).not.toContain('MARKED');
    });

    test('metrics tell of it', () => {
      for (const line of [
        /^thinkfirst_responses_total\{model="tiny",effort="low",status="completed"\} 1$/m,
        /^thinkfirst_http_request_duration_seconds_count\{method="POST",route="\/v1\/responses",status="200"\} 1$/m,
        /^thinkfirst_time_to_first_token_seconds_count\{effort="low"\} 1$/m,
        /^thinkfirst_queue_wait_seconds_count\{tier="default"\} 1$/m,
        /^thinkfirst_thinking_stops_total\{effort="low",reason="\w+"\} 1$/m,
        /^thinkfirst_response_thinking_tokens_sum\{effort="low"\} [1-9]/m,
        /^thinkfirst_checks_total\{check="[\w-]+",verdict="(pass|fail|abstain)"\} \d+$/m,
        /^nodejs_eventloop_lag_p99_seconds /m,
      ]) {
        expect(seen.exposition).toMatch(line);
      }
    });

    test('the board shows queue and job, and changes nothing', () => {
      expect(seen.board.page).toContain('static/js/main');
      expect(JSON.parse(seen.board.seen)).toMatchObject({ queues: [{ name: 'responses', readOnlyMode: true }] });
      expect(seen.board.job).toContain('MARKED-QUESTION');
      expect(seen.board.removal.status).toBe(405);
    });
  });
});
