import {
  type BackendFactory,
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

/** A backend that is open, with what BullMQ needs of it. `close` ends what it opened. */
export type QueueConnection<B extends IQueueBackend = IQueueBackend, C = unknown> = {
  /** `embedded` or `redis`, for people. */
  mode: string;
  factory: BackendFactory<B, C>;
  /** Fails fast. */
  commands: C;
  /** Waits for the backend to come back. */
  blocking: C;
  prefix: string;
  /** Of one of the BullMQ queues that belong to `base`. */
  store(queueName: string, base: string): JobStore;
  directory(base: string): JobDirectory;
  /** Hears what any process tells about the jobs of `base`. */
  subscribe(base: string, onNotice: (notice: Notice) => void): Promise<{ close(): Promise<void> }>;
  /** False where no connection may block: logs are then read on a timer (`recheckMs`) alone. Default true. */
  listens?: boolean;
  /** For a place where each request opens its own queue. */
  queueOptions?: Pick<QueueOptions, 'skipMetasUpdate' | 'skipVersionCheck'>;
  instruments?: QueueInstruments;
  close(): Promise<void>;
};

/** What looks at the queue from outside. */
export type QueueInstruments = {
  /** BullMQ's own spans; it carries a trace's context inside the job. */
  telemetry?: Telemetry;
  /** Hears of each BullMQ queue that is opened here. */
  onQueue?(queue: Queue): void;
};

/** One attempt at a job, as BullMQ hands it out. */
export type BullmqAttempt = {
  id: string;
  data: unknown;
  token: string;
  /** 1 for the first. */
  number: number;
  /** No retry follows when it fails. */
  last: boolean;
  /** Workers that the job has lost so far. */
  losses: number;
  progress(progress: Progress): Promise<void>;
  /** Puts the job back, at the head of the queue or for some ms; the attempt must end by throwing what this returns. */
  handBack(delayMs?: number): Promise<Error>;
  /** What the attempt must throw so that BullMQ fails the job for good. */
  giveUp(reason: string): Error;
};

/** What gives jobs of one queue, one at a time, when asked. */
export type BullmqSource = {
  name: string;
  ready(): Promise<void>;
  /**
   * Takes the next job and runs it; undefined when there is none. Where `goesOn` says so at its end, the next one comes
   * with BullMQ's answer to that end.
   */
  take(goesOn: () => boolean): Promise<RunningJob | undefined>;
  /** Epoch ms at which a delayed job comes due, as the last `take` saw it; 0: none. */
  dueAt(): number;
  /** Once nothing runs any more. */
  close(): Promise<void>;
};

/** Resolves at its end, with the job that is run next in its place. Never rejects. */
export type RunningJob = { ended: Promise<RunningJob | undefined> };

type SourceOptions = {
  /** ms without renewal after which another worker may take the job. */
  lockMs: number;
  stalledCheckMs: number;
  /** Times that a job may lose its worker and be tried again. */
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
  /** 0 is taken first, whatever its age; a higher number later, of the same number the older one. */
  priority: number;
};

export type BullmqParts = {
  add(id: string, data: StoredJob, options: AddOptions): Promise<void>;
  /** False while a worker holds it. */
  remove(id: string): Promise<boolean>;
  waiting(): Promise<number>;
  source(process: (attempt: BullmqAttempt) => Promise<void>, options: SourceOptions): BullmqSource;
  close(): Promise<void>;
};

/** BullMQ's classes on one connection, behind the few calls that the queue makes. */
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
  // Of another backend, with the same surface.
  connection.instruments?.onQueue?.(queue as unknown as Queue);
  return {
    async add(id, data, { timestamp, attempts, backoffMs, priority }) {
      const backoff = { type: 'exponential', delay: backoffMs, jitter: 0.5 };
      await queue.add('response', data, { jobId: id, timestamp, attempts, backoff, priority });
    },
    async remove(id) {
      return (await queue.remove(id)) > 0;
    },
    waiting: () => queue.getJobCountByTypes('waiting', 'prioritized'),
    source: (process, options) => openSource({ classes, connection, name, process, options }),
    close: () => queue.close(),
  };
}

function traced({ instruments }: Pick<QueueConnection, 'instruments'>): { telemetry?: Telemetry } {
  return instruments?.telemetry === undefined ? {} : { telemetry: instruments.telemetry };
}

/**
 * A BullMQ worker that is asked for each job (its own loop pulls from one queue alone, so several of them could share no
 * concurrency). Locks, retries, stalled jobs and telemetry stay BullMQ's.
 */
function openSource<B extends IQueueBackend, C>(start: {
  classes: ReturnType<typeof withBackend<B, C>>;
  connection: QueueConnection<B, C>;
  name: string;
  process: (attempt: BullmqAttempt) => Promise<void>;
  options: SourceOptions;
}): BullmqSource {
  const { options } = start;
  const worker = new start.classes.Worker<StoredJob, null>(
    start.name,
    async (job, token = '') => {
      await start.process({
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
      });
      return null;
    },
    {
      autorun: false,
      connection: start.connection.blocking,
      prefix: start.connection.prefix,
      lockDuration: options.lockMs,
      stalledInterval: options.stalledCheckMs,
      maxStalledCount: options.maxStalledCount,
      // BullMQ waits 15 s after a lost connection by default; a restarted backend should be used at once.
      runRetryDelay: 1_000,
      ...traced(start.connection),
    },
  );
  // What BullMQ's own loop would start and read; it offers no other way to it.
  const inner = worker as unknown as { lockManager: { start(): void }; blockUntil: number };
  worker.on('error', options.onError);
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) options.onLockLost(id);
  });
  worker.on('stalled', options.onWaiting);
  worker.on('failed', (job) => {
    if (job?.id) options.onFailed(job.id);
  });
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
            options.onError(error);
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
