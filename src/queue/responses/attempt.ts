import { workDone } from '../../contracts/responses/response-from-log.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { late, orLate } from '../../core/deadlines.ts';
import type { JobHandler, TerminalLines } from '../../core/job-queue.ts';
import type { QueueSettings } from '../queue-settings.ts';
import type { BullmqAttempt } from './bullmq-parts.ts';
import { endJob, readWholeLog } from './job-log.ts';
import type { JobStore } from './job-store.ts';
import { type OpenLease, openLease } from './lease.ts';
import type { LogChange } from './notices.ts';
import type { Quarantine } from './quarantine.ts';
import { comesWithLog, loadJob } from './stored-job.ts';

export type AttemptContext = {
  store: JobStore;
  settings: QueueSettings;
  terminalLines: TerminalLines;
  handler: JobHandler;
  now(): number;
  /** The consumer takes no new jobs: those that arrive now are handed back. */
  closing(): boolean;
  /** Whether an earlier attempt at the job still runs here. If so, it is notified that it has lost the job. */
  endsEarlier(id: string): boolean;
  /** Registers the lease for commands, until the returned function is called. */
  register(lease: OpenLease): () => void;
  quarantine: Quarantine;
  onChange(id: string, change?: LogChange): void;
  onError(error: Error): void;
};

/**
 * Runs one attempt to its end. Returns when the job has its terminal line; throws the error that makes BullMQ hand the
 * job back, retry it or fail it.
 */
export async function runAttempt(attempt: BullmqAttempt, context: AttemptContext): Promise<void> {
  const { store, settings, terminalLines } = context;
  const job = loadJob(attempt.data);
  if (context.closing()) throw await attempt.handBack();
  // Before the first attempt only an import writes to a job's log, and commands reach the lease directly, so there is
  // nothing to read.
  const isNew = attempt.number === 1 && attempt.losses === 0 && !comesWithLog(attempt.data);
  const record = isNew ? undefined : await store.read(job.id);
  if (record?.terminal !== undefined || record?.forgotten) return;
  // BullMQ renews locks by job: when the earlier attempt ends, the renewal for this one would end too.
  if (context.endsEarlier(job.id)) throw await attempt.handBack(settings.backoffMs);

  const log = isNew || record?.length === 0 ? [] : ((await readWholeLog(store, job.id)) ?? []);
  const end = async (line: Parameters<typeof endJob>[0]['line']) => {
    await endJob({ store, settings, job, token: attempt.token, line, now: context.now });
    context.onChange(job.id);
  };
  const lossesWithoutProgress =
    attempt.losses === 0 ? 0 : await store.lose({ id: job.id, losses: attempt.losses, work: workDone(log) });
  if (lossesWithoutProgress > settings.maxLossesWithoutProgress)
    return end((lines) => terminalLines.failed(job, lines, workersDied));
  const suspect = lossesWithoutProgress === settings.maxLossesWithoutProgress;
  if (!context.quarantine.admits({ id: job.id, suspect })) throw await attempt.handBack(settings.backoffMs);
  const leave = context.quarantine.enter({ suspect });
  const open = openLease({ ...context, attempt, job, log, onAppended: (change) => context.onChange(job.id, change) });
  const unregister = context.register(open);
  try {
    if (record?.cancel) open.end('cancelled');
    if (record?.answerNow) open.answerNow();
    const failure = open.ended() ? undefined : await runHandler(open, context);

    if (open.committed()) return;
    switch (open.ended()) {
      case 'cancelled':
        return await end((lines) => terminalLines.cancelled(job, lines));
      case 'shutdown':
        throw await attempt.handBack();
      case 'lost':
        throw new Error('another worker has the job');
    }
    const error = failure ?? new Error('the handler ended without a terminal line');
    if (error instanceof ServiceError && !error.retryable) {
      await end((lines) => terminalLines.failed(job, lines, error.message));
      throw attempt.giveUp(error.message);
    }
    context.onError(error);
    if (attempt.last) await end((lines) => terminalLines.failed(job, lines, reasonOf(error)));
    throw error;
  } finally {
    unregister();
    leave();
  }
}

/**
 * The error that the handler threw, if any. A handler that does not stop when asked is abandoned; it can write nothing
 * more.
 */
async function runHandler(open: OpenLease, context: AttemptContext): Promise<Error | undefined> {
  const handled = context
    .handler(open.lease)
    .then(() => undefined)
    .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  const failure = await orLate(handled, { signal: open.lease.signal });
  if (failure !== late) return failure;
  const { handBackMs, cancelMs } = context.settings;
  const told = await orLate(handled, { ms: open.ended() === 'cancelled' ? cancelMs : handBackMs });
  return told === late ? undefined : told;
}

/** For the client: why a request that kills its workers is not tried again. */
export const workersDied = 'The workers that ran this request died. It was not tried again.';

/** For the client: without internal details. */
function reasonOf(error: Error): string {
  return error instanceof ServiceError ? error.message : 'The worker could not finish this request.';
}
