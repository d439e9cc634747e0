import type { Job, LogLine } from '../../contracts/responses/job.ts';
import { isBackendUnavailable, withBackendDeadline } from '../../core/deadlines.ts';
import { type JobLease, type LeaseEnd, LeaseEnded } from '../../core/job-queue.ts';
import type { QueueSettings } from '../queue-settings.ts';
import type { BullmqAttempt } from './bullmq-parts.ts';
import { logAppend } from './job-log.ts';
import type { JobStore } from './job-store.ts';

/** A lease, with the consumer's control over it. */
export type OpenLease = {
  id: string;
  token: string;
  lease: JobLease;
  /** Whether the terminal line is written. */
  committed(): boolean;
  ended(): LeaseEnd | undefined;
  end(reason: LeaseEnd): void;
  answerNow(): void;
};

export function openLease(options: {
  attempt: BullmqAttempt;
  job: Job;
  log: readonly LogLine[];
  store: JobStore;
  settings: QueueSettings;
  now(): number;
  /** Lets readers in this process continue without waiting for the notification. */
  onAppended(): void;
}): OpenLease {
  const { attempt, job, log, store, settings } = options;
  const signal = new AbortController();
  const answerNow = new AbortController();
  let ended: LeaseEnd | undefined;
  let committed = false;
  let length = log.length;
  let appending: Promise<void> = Promise.resolve();

  const end = (reason: LeaseEnd) => {
    if (ended === 'lost' || (ended && reason !== 'lost')) return;
    ended = reason;
    signal.abort(new LeaseEnded(reason));
  };

  const append = async (lines: readonly LogLine[]) => {
    if (lines.length === 0) return;
    if (ended === 'lost' || committed) throw new LeaseEnded('lost');
    const request = logAppend({
      job,
      lines,
      expectedLength: length,
      token: attempt.token,
      now: options.now(),
      settings,
    });
    const result = await appendThrough(store, request, settings.lockMs);
    if (result !== 'appended') {
      end('lost');
      throw new LeaseEnded('lost');
    }
    length += lines.length;
    committed = lines.at(-1)?.terminal !== undefined;
    options.onAppended();
  };

  return {
    id: job.id,
    token: attempt.token,
    committed: () => committed,
    ended: () => ended,
    end,
    answerNow: () => answerNow.abort(),
    lease: {
      job,
      attempt: attempt.number,
      log,
      signal: signal.signal,
      answerNow: answerNow.signal,
      append(lines) {
        if (lines.slice(0, -1).some((line) => line.terminal)) throw new Error('a terminal line must be the last');
        // In the caller's order, however many calls are open.
        const turn = appending.then(() => append(lines));
        appending = turn.catch(() => undefined);
        return turn;
      },
      async progress(progress) {
        if (ended === 'lost' || committed) return;
        await withBackendDeadline(() => attempt.progress(progress));
      },
    },
  };
}

/**
 * Retries through a short outage, as long as the lock may last. An append without a reply may have happened anyway, or
 * be repeated by the Redis client itself: the expected length prevents it from happening twice, and the rows show
 * whether it was ours.
 */
async function appendThrough(store: JobStore, request: Parameters<JobStore['append']>[0], lockMs: number) {
  const giveUpAt = performance.now() + lockMs;
  for (;;) {
    try {
      const result = await withBackendDeadline(() => store.append(request));
      const mayBeDone = result === 'moved' || result === 'ended';
      return mayBeDone && (await holdsRows(store, request)) ? 'appended' : result;
    } catch (error) {
      if (!isBackendUnavailable(error) || performance.now() > giveUpAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function holdsRows(store: JobStore, { id, expectedLength, rows }: Parameters<JobStore['append']>[0]) {
  const page = await withBackendDeadline(() => store.log(id, expectedLength, rows.length));
  return page?.rows.length === rows.length && page.rows.every((row, index) => row === rows[index]);
}
