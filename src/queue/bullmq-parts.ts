import {
  type BackendFactory,
  type IQueueBackend,
  type Queue,
  type QueueEventsListener,
  type QueueOptions,
  type Telemetry,
  UnrecoverableError,
  WaitingError,
  withBackend,
} from 'bullmq';
import type { Progress } from '../contracts/reasoning.ts';
import type { ControlCommand } from './job-queue.ts';
import type { JobStore } from './job-store.ts';
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
  store(queueName: string): JobStore;
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
  progress(progress: Progress): Promise<void>;
  /** Puts the job back at the head of the queue; the attempt must end by throwing what this returns. */
  handBack(): Promise<Error>;
  /** What the attempt must throw so that BullMQ fails the job for good. */
  giveUp(reason: string): Error;
};

type BullmqWorker = {
  ready(): Promise<void>;
  /** Takes no new job; resolves when those that run have ended. */
  close(): Promise<void>;
};

type WorkOptions = {
  concurrency: number;
  /** ms without renewal after which another worker may take the job. */
  lockMs: number;
  stalledCheckMs: number;
  /** Times that a job may lose its worker and be tried again. */
  maxStalledCount: number;
  onLockLost(id: string): void;
  onFailed(id: string): void;
  onError(error: Error): void;
};

type BullmqListeners = {
  /** Anything about this job may have changed. */
  onChange(id: string): void;
  onControl(id: string, command: ControlCommand): void;
  onError(error: Error): void;
};

type AddOptions = {
  timestamp: number;
  attempts: number;
  backoffMs: number;
  /** 0 is taken first, whatever its age; a higher number later. */
  priority: number;
};

export type BullmqParts = {
  add(id: string, data: StoredJob, options: AddOptions): Promise<void>;
  /** False while a worker holds it. */
  remove(id: string): Promise<boolean>;
  waiting(): Promise<number>;
  work(process: (attempt: BullmqAttempt) => Promise<void>, options: WorkOptions): BullmqWorker;
  listen(listeners: BullmqListeners): { ready(): Promise<void>; close(): Promise<void> };
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
    work: (process, work) => startWorker({ classes, connection, name, process, work }),
    listen: (listeners) => startListener({ classes, connection, name, listeners }),
    close: () => queue.close(),
  };
}

function traced({ instruments }: Pick<QueueConnection, 'instruments'>): { telemetry?: Telemetry } {
  return instruments?.telemetry === undefined ? {} : { telemetry: instruments.telemetry };
}

function startWorker<B extends IQueueBackend, C>(start: {
  classes: ReturnType<typeof withBackend<B, C>>;
  connection: QueueConnection<B, C>;
  name: string;
  process: (attempt: BullmqAttempt) => Promise<void>;
  work: WorkOptions;
}): BullmqWorker {
  const { work } = start;
  const worker = new start.classes.Worker<StoredJob, null>(
    start.name,
    async (job, token = '') => {
      await start.process({
        id: job.id ?? '',
        data: job.data,
        token,
        number: job.attemptsStarted,
        last: job.attemptsMade + 1 >= (job.opts.attempts ?? 1),
        progress: (progress) => job.updateProgress(progress),
        async handBack() {
          await job.moveToWait(token);
          return new WaitingError();
        },
        giveUp: (reason) => new UnrecoverableError(reason),
      });
      return null;
    },
    {
      connection: start.connection.blocking,
      prefix: start.connection.prefix,
      concurrency: work.concurrency,
      lockDuration: work.lockMs,
      stalledInterval: work.stalledCheckMs,
      maxStalledCount: work.maxStalledCount,
      // BullMQ waits 15 s after a lost connection by default; a restarted backend should be used at once.
      runRetryDelay: 1_000,
      ...traced(start.connection),
    },
  );
  worker.on('error', work.onError);
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) work.onLockLost(id);
  });
  worker.on('failed', (job) => {
    if (job?.id) work.onFailed(job.id);
  });
  return {
    async ready() {
      await worker.waitUntilReady();
    },
    close: () => worker.close(),
  };
}

function startListener<B extends IQueueBackend, C>(start: {
  classes: ReturnType<typeof withBackend<B, C>>;
  connection: QueueConnection<B, C>;
  name: string;
  listeners: BullmqListeners;
}): { ready(): Promise<void>; close(): Promise<void> } {
  const { listeners, connection } = start;
  const events = new start.classes.QueueEvents(start.name, {
    connection: connection.blocking,
    prefix: connection.prefix,
  });
  const changed = ({ jobId }: { jobId: string }) => listeners.onChange(jobId);
  for (const event of ['active', 'completed', 'failed', 'waiting', 'delayed'] as const) events.on(event, changed);
  events.on<OwnEvents, 'log'>('log', changed);
  events.on<OwnEvents, 'control'>('control', ({ jobId, command }) => listeners.onControl(jobId, command));
  events.on('error', listeners.onError);
  return {
    async ready() {
      await events.waitUntilReady();
    },
    close: () => events.close(),
  };
}

/** Events that our own scripts write to BullMQ's event stream. */
type OwnEvents = {
  log(event: { jobId: string }, id: string): void;
  control(event: { jobId: string; command: ControlCommand }, id: string): void;
} & QueueEventsListener;
