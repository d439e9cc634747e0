import type { Job, JobSnapshot, JobStatus, LogLine } from '../contracts/responses/job.ts';
import type { Progress } from '../contracts/responses/reasoning.ts';
import type { ModelCard } from '../contracts/service/model-card.ts';

/**
 * The backend's port: a durable queue whose jobs are the responses. BullMQ stands behind it, on PGlite or on Redis.
 * At most eight methods; a ninth needs a note in docs/decisions. Every method throws ServiceError `backend_unavailable`
 * (503) when the backend is away, and never hangs on it.
 */
export interface JobQueue {
  /**
   * Accepts a job durably. The same id twice is one job: `created` is false and the first stays as it is.
   * An id that was removed may be added anew, once no worker holds the old job any more.
   * @throws ServiceError `queue_full` with the seconds until there is room, `model_unavailable` where no worker has the
   * model, `conflict` (retryable) while a worker still has to let go of the removed job
   */
  add(job: Job): Promise<{ created: boolean }>;
  get(id: string): Promise<JobSnapshot | undefined>;
  /** Newest first, of one owner. `after` is the id that the last page ended with. */
  list(query: ListQuery): Promise<{ jobs: JobSnapshot[]; hasMore: boolean; waiting: number }>;
  /**
   * The job's log from its start or from after a number of that stream; follows it live and ends after the terminal
   * line (for `trace`: once the job has ended). Works from any process, any number of readers, during and after the run.
   * Unknown ids give ServiceError `not_found`, as does a job removed meanwhile; an aborted signal ends it without an error.
   */
  events(id: string, options: EventsOptions): AsyncIterable<LogLine>;
  /**
   * `cancel`: a queued job ends at once with the terminal line that `TerminalLines.cancelled` makes of it; a running one has its
   * lease's signal aborted. `answer_now` reaches the running lease. `expire`: the deadline of the response has passed; a
   * queued job ends at once with that of `late`, a running one keeps its deadline by itself. Works from any process.
   */
  control(
    id: string,
    command: ControlCommand | 'expire',
  ): Promise<'accepted' | 'already_ended' | 'not_running' | 'not_found'>;
  /** Cancels if need be, then forgets job, events and trace. False: there was none. */
  remove(id: string): Promise<boolean>;
  /** Starts to lease jobs to `handler`. Resolves once the consumer is connected. */
  consume(options: ConsumeOptions, handler: JobHandler): Promise<Consumer>;
  close(): Promise<void>;
}

export type ListQuery = { owner: string | null; limit: number; after?: string; status?: JobStatus };

export type EventsOptions = {
  stream: LogLine['stream'];
  /** Exclusive. */
  after?: number;
  /** False: what is logged by now, and no waiting for more. Default true. */
  follow?: boolean;
  signal: AbortSignal;
};

export type ControlCommand = 'cancel' | 'answer_now';

export type ConsumeOptions = {
  /** Jobs leased at the same time, of all models together. */
  concurrency: number;
  /** Ids of the models whose jobs are taken from the start; announced to all processes. */
  models: readonly string[];
  /** Tokens that a model has room for here, by its id; announced along, so that an API promises no more. */
  contextLengths?(): ReadonlyMap<string, number>;
  /** Of models behind servers, by id: what they turned out to do so far; announced along. */
  capabilities?(): ReadonlyMap<string, ModelCard['capabilities']>;
  /** Why Python can't run on this worker's machine, once that is known; announced along, so that an API refuses it at once. */
  pythonRefusal?(): string | undefined;
};

export type JobHandler = (lease: JobLease) => Promise<void>;

export type Consumer = {
  /**
   * Takes jobs of this model as well, and announces it to all processes unless `announce` is false. Resolves once its
   * queues are connected.
   */
  serve(model: string, options?: { announce?: boolean }): Promise<void>;
  /** Takes no more jobs of this model; resolves when those that run have ended. */
  leave(model: string): Promise<void>;
  /** Takes no new job, waits up to `drainMs` for those that run, then hands the rest back to the queue. */
  close(options: { drainMs: number }): Promise<void>;
};

/** Why a lease's signal was aborted: `cancelled` by a client, `lost` to another worker (write nothing more), `shutdown`. */
export type LeaseEnd = 'cancelled' | 'lost' | 'shutdown';

/** A worker's hold on one job. */
export type JobLease = {
  job: Job;
  /** 1 for the first attempt. */
  attempt: number;
  /** What earlier attempts have logged, in order. */
  log: readonly LogLine[];
  /** Its reason is a `LeaseEnded`. */
  signal: AbortSignal;
  /** Aborted when a client asks for the answer now. */
  answerNow: AbortSignal;
  /**
   * Appends lines in one atomic step, only while this attempt holds the lock and there is no terminal line.
   * A line with `terminal` is the commit.
   * @throws LeaseEnded `lost` when it doesn't hold any more
   */
  append(lines: readonly LogLine[]): Promise<void>;
  progress(progress: Progress): Promise<void>;
};

export class LeaseEnded extends Error {
  override readonly name = 'LeaseEnded';
  readonly end: LeaseEnd;
  constructor(end: LeaseEnd) {
    super(`the lease ended: ${end}`);
    this.end = end;
  }
}

/** What the queue has to ask of its owner: the terminal lines that it writes itself. Pure. */
export type TerminalLines = {
  /** For a job that was cancelled before it ran. */
  cancelled(job: Job, log: readonly LogLine[]): LogLine;
  /** For a job whose deadline passed while it waited. */
  late(job: Job, log: readonly LogLine[]): LogLine;
  /** For a job that BullMQ gave up: its worker died too often. */
  failed(job: Job, log: readonly LogLine[], reason: string): LogLine;
};
