import type { Job, LogLine } from '../../contracts/responses/job.ts';
import type { Progress } from '../../contracts/responses/reasoning.ts';
import { isBackendUnavailable, withBackendDeadline } from '../../core/deadlines.ts';
import { type JobLease, type LeaseEnd, LeaseEnded } from '../../core/job-queue.ts';
import type { QueueSettings } from '../queue-settings.ts';
import type { BullmqAttempt } from './bullmq-parts.ts';
import { logAppend } from './job-log.ts';
import type { JobStore } from './job-store.ts';
import type { LogChange } from './notices.ts';

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

type LeaseOptions = {
  attempt: BullmqAttempt;
  job: Job;
  log: readonly LogLine[];
  store: JobStore;
  settings: QueueSettings;
  now(): number;
  /** Lets readers in this process continue without waiting for the notification. */
  onAppended(change: LogChange): void;
};

export function openLease(options: LeaseOptions): OpenLease {
  return new AttemptLease(options);
}

class AttemptLease implements OpenLease {
  readonly id: string;
  readonly token: string;
  readonly lease: JobLease;
  private readonly options: LeaseOptions;
  private readonly signal = new AbortController();
  private readonly answer = new AbortController();
  private reason: LeaseEnd | undefined;
  private isCommitted = false;
  private length: number;
  private appending: Promise<void> = Promise.resolve();

  constructor(options: LeaseOptions) {
    const { attempt, job, log } = options;
    this.options = options;
    this.id = job.id;
    this.token = attempt.token;
    this.length = log.length;
    this.lease = {
      job,
      attempt: attempt.number,
      log,
      signal: this.signal.signal,
      answerNow: this.answer.signal,
      append: (lines) => this.append(lines),
      progress: (progress) => this.progress(progress),
    };
  }

  committed(): boolean {
    return this.isCommitted;
  }

  ended(): LeaseEnd | undefined {
    return this.reason;
  }

  end(reason: LeaseEnd): void {
    if (this.reason === 'lost' || (this.reason && reason !== 'lost')) return;
    this.reason = reason;
    this.signal.abort(new LeaseEnded(reason));
  }

  answerNow(): void {
    this.answer.abort();
  }

  /** Appends in the caller's order, however many calls are open. */
  private append(lines: readonly LogLine[]): Promise<void> {
    if (lines.slice(0, -1).some((line) => line.terminal)) throw new Error('a terminal line must be the last');
    const turn = this.appending.then(() => this.appendNow(lines));
    this.appending = turn.catch(() => undefined);
    return turn;
  }

  private async appendNow(lines: readonly LogLine[]): Promise<void> {
    const { job, attempt, store, settings, now, onAppended } = this.options;
    if (lines.length === 0) return;
    if (this.reason === 'lost' || this.isCommitted) throw new LeaseEnded('lost');
    const { token } = attempt;
    const request = logAppend({ job, lines, expectedLength: this.length, token, now: now(), settings });
    const result = await appendThrough(store, request, settings.lockMs);
    if (result !== 'appended') {
      this.end('lost');
      throw new LeaseEnded('lost');
    }
    this.length += lines.length;
    this.isCommitted = lines.at(-1)?.terminal !== undefined;
    onAppended({ from: request.expectedLength, rows: request.rows });
  }

  private async progress(progress: Progress): Promise<void> {
    if (this.reason === 'lost' || this.isCommitted) return;
    await withBackendDeadline(() => this.options.attempt.progress(progress));
  }
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
