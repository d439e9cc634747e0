import { beforeAll, describe, expect, test } from 'vitest';
import { embedded, type OpenObserved, observedAnswer, onRedis } from '../support/observed-answer.ts';
import { redisMissing } from '../support/redis-server.ts';

const modes: Array<[string, OpenObserved, boolean]> = [
  ['Redis', onRedis, redisMissing() !== undefined],
  ['embedded', embedded, false],
];

describe.each(modes)('seen from outside, %s', (_name, open, missing) => {
  describe.skipIf(missing)('one answer', () => {
    let seen: Awaited<ReturnType<typeof observedAnswer>>;
    beforeAll(async () => {
      seen = await observedAnswer(open);
    });

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
      expect(seen.board.seen.queues.length).toBeGreaterThan(0);
      for (const queue of seen.board.seen.queues) expect(queue).toMatchObject({ readOnlyMode: true });
      expect(seen.board.job).toContain('MARKED-QUESTION');
      expect(seen.board.removal.status).toBe(404);
    });
  });
});
