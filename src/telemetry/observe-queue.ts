import { z } from 'zod';
import type { Job, LogLine } from '../contracts/responses/job.ts';
import { Effort, ThinkingStop } from '../contracts/responses/reasoning.ts';
import { TraceEvent, type TraceStep } from '../contracts/responses/trace.ts';
import { PhaseTokens } from '../contracts/responses/usage.ts';
import { type JobLease, type JobQueue, LeaseEnded } from '../core/job-queue.ts';
import type { Metrics } from './metrics.ts';
import type { Tracing } from './tracing.ts';

type Observer = { metrics: Metrics; tracing: Tracing | undefined; now(): number };

/**
 * Wraps a queue so that its workers' writes are counted, and each finished step is recorded as a span below BullMQ's
 * span of the attempt.
 */
export function observeQueue(queue: JobQueue, observer: Observer): JobQueue {
  return {
    ...queue,
    consume: (options, handler) =>
      queue.consume(options, async (lease) => {
        const { metrics, now } = observer;
        if (lease.attempt === 1) metrics.waited({ tier: lease.job.tier, seconds: since(lease.job, now()) });
        try {
          await handler(observeLease(lease, observer));
          metrics.attemptEnded(lease.signal.aborted ? endOf(lease.signal.reason) : 'ended');
        } catch (error) {
          metrics.attemptEnded(endOf(error));
          throw error;
        }
      }),
  };
}

function observeLease(lease: JobLease, { metrics, tracing, now }: Observer): JobLease {
  const { job } = lease;
  const effort = effortOf(job);
  let answering = lease.log.some(isAnswerText);
  const observe = (line: LogLine) => {
    if (line.stream === 'trace') {
      const event = TraceEvent.safeParse(line.data).data;
      if (event?.type !== 'trace_step.done') return;
      for (const check of event.step.checks) metrics.checked(check);
      tracing?.record(stepSpan(event.step, job));
      return;
    }
    if (!answering && isAnswerText(line)) {
      answering = true;
      metrics.firstToken({ effort, seconds: since(job, now()) });
    }
    if (line.terminal === undefined) return;
    const response = EndedResponse.safeParse(line.data['response']).data;
    metrics.responseEnded({
      model: job.model,
      effort,
      status: line.terminal,
      seconds: since(job, now()),
      ...(response?.thinking_stop === undefined ? {} : { thinkingStop: response.thinking_stop }),
      ...(response?.usage ? { phases: response.usage.phases, inputTokens: response.usage.input_tokens } : {}),
    });
  };
  return {
    ...lease,
    async append(lines) {
      await lease.append(lines);
      for (const line of lines) observe(line);
    },
  };
}

function stepSpan(step: TraceStep, job: Job): Parameters<Tracing['record']>[0] {
  return {
    name: `step ${step.phase}`,
    kind: 'internal',
    startedAt: step.started_at,
    endedAt: step.started_at + step.duration_ms,
    attributes: {
      'thinkfirst.response.id': job.id,
      'thinkfirst.step.index': step.index,
      'thinkfirst.step.phase': step.phase,
      'thinkfirst.step.sample': step.sample ?? undefined,
      'thinkfirst.step.tokens': step.tokens,
      'thinkfirst.step.stop_reason': step.stop_reason ?? undefined,
      'thinkfirst.step.checks.passed': step.checks.filter(({ verdict }) => verdict === 'pass').length,
      'thinkfirst.step.checks.failed': step.checks.filter(({ verdict }) => verdict === 'fail').length,
    },
  };
}

/** The fields that are read from a response that ended; other shapes, older or newer, are counted without them. */
const EndedResponse = z.object({
  thinking_stop: ThinkingStop.nullish(),
  usage: z.object({ input_tokens: z.number(), phases: PhaseTokens }).nullish(),
});

function effortOf({ body }: Job): string {
  return z.object({ effective: z.object({ effort: Effort }) }).safeParse(body).data?.effective.effort ?? 'unknown';
}

function isAnswerText({ stream, data }: LogLine): boolean {
  return stream === 'wire' && data['type'] === 'response.output_text.delta';
}

function endOf(reason: unknown): string {
  return reason instanceof LeaseEnded ? reason.end : 'failed';
}

function since({ createdAt }: Job, now: number): number {
  return Math.max(0, now - createdAt) / 1000;
}
