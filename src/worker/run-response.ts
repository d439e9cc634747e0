import type { LogLine } from '../contracts/responses/job.ts';
import { loggedUsage } from '../contracts/responses/response-from-log.ts';
import { responseJob } from '../contracts/responses/response-job.ts';
import { terminalLines } from '../contracts/responses/terminal-lines.ts';
import { TraceEvent, type TraceStep } from '../contracts/responses/trace.ts';
import type { ObservedLength } from '../contracts/service/natural-length.ts';
import { isModelLoss, ServiceError } from '../contracts/service/service-error.ts';
import { type JobLease, LeaseEnded } from '../core/job-queue.ts';
import type { WorkerDependencies } from './dependencies.ts';
import { createLogWriter } from './log-writer.ts';
import { runAttempt } from './run-attempt.ts';
import { finishedSteps } from './trace-writer.ts';

/** If a model's process dies, the attempt fails; the lease tries again from the log. */
const triesPerLease = 3;

/**
 * Runs one leased response to its terminal line. Resolves when that is written, or when the lease has ended otherwise
 * (`lost`, `shutdown`): then nothing more is written, and another worker continues from the log.
 */
export async function runResponse(lease: JobLease, dependencies: WorkerDependencies): Promise<void> {
  const { job, attempt } = lease;
  const { log, now } = dependencies;
  const writer = createLogWriter({ earlier: lease.log, append: (lines) => lease.append(lines) });
  const usage: Parameters<typeof runAttempt>[0]['usage'] = { latest: loggedUsage(lease.log) };
  const startedAt = now();
  log.info({ response: job.id, attempt, model: job.model, waitedMs: startedAt - job.createdAt }, 'attempt started');
  const pace = await dependencies.pace?.of(job.model).catch(() => undefined);
  try {
    for (let tries = 1; ; tries += 1) {
      try {
        const outcome = await runAttempt({ lease, dependencies, writer, usage, startedAt, pace });
        const seconds = (now() - startedAt) / 1000;
        const { think, answer } = outcome.usage;
        const stop = outcome.thinkingStop;
        log.info(
          { response: job.id, attempt, seconds, thinkTokens: think, answerTokens: answer, stop },
          'attempt ended',
        );
        // A response that was cut does not show how long others take.
        const run = outcome.incomplete === undefined ? { startedAt, ms: now() - startedAt } : undefined;
        keepPace(lease, dependencies, run, chainLengths(finishedSteps(writer.lines())));
        return;
      } catch (error) {
        if (!isModelLoss(error) || lease.signal.aborted || tries === triesPerLease) throw error;
        await writer.flush();
        log.warn({ response: job.id, attempt, tries, code: error.code }, 'the model went away; going on afresh');
      }
    }
  } catch (error) {
    const end = leaseEnd(error, lease);
    // A message may quote what the model wrote, such as the names of a call's arguments.
    const code = error instanceof ServiceError ? error.code : undefined;
    log.info({ response: job.id, attempt, end: end ?? 'failed', code }, 'attempt cut short');
    if (end === 'lost' || end === 'shutdown') return;
    if (end === undefined && !(error instanceof ServiceError))
      log.error({ response: job.id, err: error }, 'attempt failed');
    await writer.flush();
    const written = writer.lines();
    const line =
      end === 'cancelled'
        ? terminalLines.cancelled(job, written, usage.latest)
        : terminalLines.failed(job, written, failureReason(error), usage.latest);
    await lease.append([line]);
    keepPace(lease, dependencies, undefined, lengthsAtCut(written, usage.latest.think));
  } finally {
    // If the model's process has died, its cache is gone as well.
    await dependencies.models
      .get(job.model)
      ?.forget?.(job.id)
      .catch(() => undefined);
  }
}

function keepPace(
  { job, attempt }: JobLease,
  { pace, log }: WorkerDependencies,
  run: { startedAt: number; ms: number } | undefined,
  chains: readonly ObservedLength[],
): void {
  const { effort } = responseJob(job).effective;
  if (attempt > 1) return;
  pace?.add(job.model, effort, { ...(run !== undefined && { run }), chains }).catch((error: unknown) => {
    log.warn({ response: job.id, err: error }, 'the pace was not kept');
  });
}

/** How long the chains thought, without those that did not begin to think. */
function chainLengths(steps: readonly TraceStep[]): ObservedLength[] {
  return steps.flatMap(({ phase, usage, stop_reason }) => {
    const tokens = usage?.thinking ?? 0;
    return phase === 'think' && tokens > 0 ? [{ tokens, ended: stop_reason === 'natural' }] : [];
  });
}

/** The same of a response that was cut off: chains that still ran share what its finished ones have not `thought` of all its tokens. */
function lengthsAtCut(lines: readonly LogLine[], thought: number): ObservedLength[] {
  const steps = finishedSteps(lines);
  const ended = chainLengths(steps);
  const running = begunChains(lines) - steps.filter(({ phase }) => phase === 'think').length;
  const left = thought - ended.reduce((sum, { tokens }) => sum + tokens, 0);
  const tokens = Math.round(left / running);
  return tokens > 0 ? [...ended, ...Array.from({ length: running }, () => ({ tokens, ended: false }))] : ended;
}

function begunChains(lines: readonly LogLine[]): number {
  const events = lines.filter(({ stream }) => stream === 'trace').map(({ data }) => TraceEvent.parse(data));
  return events.filter((event) => event.type === 'trace_step.added' && event.step.phase === 'think').length;
}

function leaseEnd(error: unknown, lease: JobLease): LeaseEnded['end'] | undefined {
  if (error instanceof LeaseEnded) return error.end;
  return lease.signal.aborted && lease.signal.reason instanceof LeaseEnded ? lease.signal.reason.end : undefined;
}

/** For the client: a service error's message is meant for it; other errors show no details. */
function failureReason(error: unknown): string {
  return error instanceof ServiceError ? error.message : 'The service met an internal error.';
}
