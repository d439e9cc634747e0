import {
  type BackendFactory,
  type Job as BullmqJob,
  DelayedError,
  type IQueueBackend,
  type Queue,
  type QueueOptions,
  type Telemetry,
  UnrecoverableError,
  WaitingError,
  withBackend,
} from 'bullmq';
import type { Progress } from '../../contracts/responses/reasoning.ts';
import type { JobDirectory } from './job-directory.ts';
import type { JobStore } from './job-store.ts';
import type { Notice } from './notices.ts';
import type { StoredJob } from './stored-job.ts';

/** An open backend, with what BullMQ needs. `close` closes what it opened. */
export type QueueConnection<B extends IQueueBackend = IQueueBackend, C = unknown> = {
  /** `embedded` or `redis`, for display. */
  mode: string;
  factory: BackendFactory<B, C>;
  /** Fails fast. */
  commands: C;
  /** Waits for the backend to return. */
  blocking: C;
  prefix: string;
  /** The store of one of the BullMQ queues of `base`. */
  store(queueName: string, base: string): JobStore;
  directory(base: string): JobDirectory;
  /** Receives all processes' notices about the jobs of `base`. */
  subscribe(base: string, onNotice: (notice: Notice) => void): Promise<{ close(): Promise<void> }>;
  /** False if no connection may block: logs are then only polled (`recheckMs`). Default true. */
  listens?: boolean;
  /** For places where each request opens its own queue. */
  queueOptions?: Pick<QueueOptions, 'skipMetasUpdate' | 'skipVersionCheck'>;
  instruments?: QueueInstruments;
  close(): Promise<void>;
};

/** Observers of the queue. */
export type QueueInstruments = {
  /** BullMQ's own spans; it carries the trace context inside the job. */
  telemetry?: Telemetry;
  /** Called for each BullMQ queue that is opened here. */
  onQueue?(queue: Queue): void;
};

/** One attempt at a job, as BullMQ provides it. */
export type BullmqAttempt = {
  id: string;
  data: unknown;
  token: string;
  /** 1 for the first. */
  number: number;
  /** There is no retry if it fails. */
  last: boolean;
  /** How many workers the job has lost so far. */
  losses: number;
  progress(progress: Progress): Promise<void>;
  /** Puts the job back, at the head of the queue or for some ms; the attempt must then throw the returned error. */
  handBack(delayMs?: number): Promise<Error>;
  /** The error that the attempt must throw so that BullMQ fails the job permanently. */
  giveUp(reason: string): Error;
};

/** A source of jobs from one queue, one at a time, on request. */
export type BullmqSource = {
  name: string;
  ready(): Promise<void>;
  /**
   * Takes the next job and runs it; undefined if there is none. If `goesOn` returns true when the job ends, BullMQ
   * returns the next job in the same step.
   */
  take(goesOn: () => boolean): Promise<RunningJob | undefined>;
  /** Epoch ms at which a delayed job becomes due, as of the last `take`; 0: none. */
  dueAt(): number;
  /** Called when nothing runs any more. */
  close(): Promise<void>;
};

/** Resolves when the job ends, with the job that runs next in its place. Never rejects. */
export type RunningJob = { ended: Promise<RunningJob | undefined> };

type SourceOptions = {
  /** ms without renewal after which another worker may take the job. */
  lockMs: number;
  stalledCheckMs: number;
  /** How many times a job may lose its worker and be tried again. */
  maxStalledCount: number;
  onLockLost(id: string): void;
  /** The queue may have a job again. */
  onWaiting(): void;
  onFailed(id: string): void;
  onError(error: Error): void;
};

type AddOptions = {
  timestamp: number;
  attempts: number;
  backoffMs: number;
  /** 0 is taken first, whatever its age; then lower numbers first, and older jobs first among equal numbers. */
  priority: number;
};

export type BullmqParts = {
  add(id: string, data: StoredJob, options: AddOptions): Promise<void>;
  /** Replaces the data of an existing job. */
  replaceData(id: string, data: StoredJob): Promise<void>;
  /** False if a worker holds it. */
  remove(id: string): Promise<boolean>;
  waiting(): Promise<number>;
  /** Ids of jobs that wait (also for another attempt) or are running; only some of them if there are many. */
  unfinished(): Promise<string[]>;
  source(process: (attempt: BullmqAttempt) => Promise<void>, options: SourceOptions): BullmqSource;
  close(): Promise<void>;
};

/** BullMQ's classes on one connection, reduced to the calls that the queue makes. */
export function createBullmqParts<B extends IQueueBackend, C>(options: {
  connection: QueueConnection<B, C>;
  name: string;
  onError(error: Error): void;
}): BullmqParts {
  const { connection, name } = options;
  const classes = withBackend(connection.factory);
  const queue = new classes.Queue<StoredJob>(name, {
    connection: connection.commands,
    prefix: connection.prefix,
    ...connection.queueOptions,
    ...traced(connection),
  });
  queue.on('error', options.onError);
  // The class is another backend's, with the same interface.
  connection.instruments?.onQueue?.(queue as unknown as Queue);
  return {
    async add(id, data, { timestamp, attempts, backoffMs, priority }) {
      const backoff = { type: 'exponential', delay: backoffMs, jitter: 0.5 };
      await queue.add('response', data, { jobId: id, timestamp, attempts, backoff, priority });
    },
    async replaceData(id, data) {
      await (await queue.getJob(id))?.updateData(data);
    },
    async remove(id) {
      return (await queue.remove(id)) > 0;
    },
    waiting: () => queue.getJobCountByTypes('waiting', 'prioritized'),
    unfinished: () => queue.getRanges(['waiting', 'prioritized', 'delayed', 'active'], 0, 499, true),
    source: (process, options) => openSource({ classes, connection, name, process, options }),
    close: () => queue.close(),
  };
}

function traced({ instruments }: Pick<QueueConnection, 'instruments'>): { telemetry?: Telemetry } {
  return instruments?.telemetry === undefined ? {} : { telemetry: instruments.telemetry };
}

type SourceStart<B extends IQueueBackend, C> = {
  classes: ReturnType<typeof withBackend<B, C>>;
  connection: QueueConnection<B, C>;
  name: string;
  process: (attempt: BullmqAttempt) => Promise<void>;
  options: SourceOptions;
};

/**
 * A BullMQ worker that is asked for each job. Its own loop pulls from a single queue, so several workers could not
 * share a concurrency limit. Locks, retries, stalled jobs and telemetry remain BullMQ's.
 */
function openSource<B extends IQueueBackend, C>(start: SourceStart<B, C>): BullmqSource {
  const worker = openWorker(start);
  // Internals that BullMQ's own loop would start and read; there is no public access to them.
  const inner = worker as unknown as { lockManager: { start(): void }; blockUntil: number };
  let taken = 0;
  return {
    name: start.name,
    async ready() {
      await worker.waitUntilReady();
      inner.lockManager.start();
      await worker.startStalledCheckTimer();
    },
    async take(goesOn) {
      const token = `${worker.id}:${taken++}`;
      const run = (job: Parameters<typeof worker.processJob>[0]): RunningJob => ({
        ended: worker.processJob(job, token, goesOn).then(
          (next) => (next ? run(next) : undefined),
          (error: Error) => {
            start.options.onError(error);
            return undefined;
          },
        ),
      });
      const job = await worker.getNextJob(token, { block: false });
      return job && run(job);
    },
    dueAt: () => inner.blockUntil,
    close: () => worker.close(),
  };
}

function openWorker<B extends IQueueBackend, C>({ classes, connection, name, process, options }: SourceStart<B, C>) {
  const worker = new classes.Worker<StoredJob, null>(
    name,
    async (job, token = '') => {
      await process(attemptOf(job, token));
      return null;
    },
    {
      autorun: false,
      connection: connection.blocking,
      prefix: connection.prefix,
      lockDuration: options.lockMs,
      stalledInterval: options.stalledCheckMs,
      maxStalledCount: options.maxStalledCount,
      // By default BullMQ waits 15 s after a lost connection; a restarted backend should be used immediately.
      runRetryDelay: 1_000,
      ...traced(connection),
    },
  );
  worker.on('error', options.onError);
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) options.onLockLost(id);
  });
  worker.on('stalled', options.onWaiting);
  worker.on('failed', (job) => {
    if (job?.id) options.onFailed(job.id);
  });
  return worker;
}

type LeasedJob = Pick<
  BullmqJob<StoredJob>,
  | 'id'
  | 'data'
  | 'opts'
  | 'attemptsStarted'
  | 'attemptsMade'
  | 'stalledCounter'
  | 'updateProgress'
  | 'moveToWait'
  | 'moveToDelayed'
>;

function attemptOf(job: LeasedJob, token: string): BullmqAttempt {
  return {
    id: job.id ?? '',
    data: job.data,
    token,
    number: job.attemptsStarted,
    last: job.attemptsMade + 1 >= (job.opts.attempts ?? 1),
    losses: job.stalledCounter,
    progress: (progress) => job.updateProgress(progress),
    async handBack(delayMs) {
      if (delayMs === undefined) {
        await job.moveToWait(token);
        return new WaitingError();
      }
      await job.moveToDelayed(Date.now() + delayMs, token);
      return new DelayedError();
    },
    giveUp: (reason) => new UnrecoverableError(reason),
  };
}
