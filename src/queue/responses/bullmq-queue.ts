import type { IQueueBackend } from 'bullmq';
import { type Job, JobSnapshot, type JobStatus } from '../../contracts/responses/job.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { waitAtMost, withBackendDeadline } from '../../core/deadlines.ts';
import type { Consumer, ControlCommand, JobQueue, ListQuery, TerminalLines } from '../../core/job-queue.ts';
import type { RemovedJob } from '../maintenance.ts';
import { createOpenQueues, type OpenQueues } from '../open-queues.ts';
import { defaultQueueSettings, type QueueSettings } from '../queue-settings.ts';
import { addJob } from './add-job.ts';
import type { QueueConnection } from './bullmq-parts.ts';
import { type RunningConsumer, startConsumer } from './consumer.ts';
import { createLogWaiters, followLog } from './follow-log.ts';
import { JobControl } from './job-control.ts';
import { parseRow } from './job-log.ts';
import type { JobRecord } from './job-store.ts';
import type { Notice } from './notices.ts';
import { isJobId, loadJob, ownerKey } from './stored-job.ts';

/** Ids that one query asks for. */
const idsAtOnce = 500;

/** Those of these ids that have a job which its owner has not removed, without reading any job. */
async function existingJobs(queues: OpenQueues, ids: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>();
  for (let from = 0; from < ids.length; from += idsAtOnce) {
    const some = ids.slice(from, from + idsAtOnce).filter(isJobId);
    const places = await withBackendDeadline(() => queues.directory.locateAll(some));
    for (const name of new Set(places.values())) {
      const here = some.filter((id) => places.get(id) === name);
      const { store } = queues.open(name);
      for (const id of await withBackendDeadline(() => store.existing(here))) found.add(id);
    }
  }
  return found;
}

/** Ids read per step of a filtered list. */
const pageIds = 100;

/** A page of an owner's jobs, newest first, with their current state. */
async function listJobs(
  queues: OpenQueues,
  { owner, limit, after, status }: ListQuery,
): Promise<{ jobs: JobSnapshot[]; hasMore: boolean }> {
  const jobs: JobSnapshot[] = [];
  for (let cursor = after; ; ) {
    const ids = await queues.directory.list(ownerKey(owner), { after: cursor, limit: status ? pageIds : limit + 1 });
    const records = await Promise.all(
      ids.map(async (id) => (await queues.read(id, ({ store }) => store.read(id)))?.found),
    );
    for (const record of records) {
      // The job is gone, or was indexed just before it is added.
      if (!record || record.forgotten) continue;
      const snapshot = toSnapshot(record);
      if (status === undefined || snapshot.status === status) jobs.push(snapshot);
      if (jobs.length > limit) return { jobs: jobs.slice(0, limit), hasMore: true };
    }
    cursor = ids.at(-1);
    if (cursor === undefined || ids.length < (status ? pageIds : limit + 1)) return { jobs, hasMore: false };
  }
}

/** The terminal line determines the status; without one, BullMQ's state does. */
function toSnapshot(record: JobRecord): JobSnapshot {
  const terminal = record.terminal === undefined ? undefined : parseRow(record.terminal);
  return JobSnapshot.parse({
    job: loadJob(record.data),
    status: terminal?.terminal ?? runningStatus(record),
    // BullMQ's progress is 0 before the first report.
    progress: typeof record.progress === 'object' ? record.progress : undefined,
    queuePosition: record.attempts === 0 ? record.position : undefined,
    terminal,
    attempts: record.attempts,
  });
}

/** A job that waits for its second attempt was already shown in progress, and stays so. */
function runningStatus(record: JobRecord): JobStatus {
  return record.running || record.attempts > 0 ? 'in_progress' : 'queued';
}

type BullmqQueueOptions<B extends IQueueBackend, C> = {
  /** Belongs to whoever opened it: `close` of the queue leaves it open. */
  connection: QueueConnection<B, C>;
  terminalLines: TerminalLines;
  /** Errors that cannot be returned to a caller: of background connections, or of a handler that is tried again. */
  onError(error: Error): void;
  settings?: Partial<QueueSettings>;
  /** The prefix of its queues' names. */
  name?: string;
  /** Epoch ms. */
  now?(): number;
};

/** The port, with the parts that webhook deliveries need. */
export type BullmqQueue = JobQueue & {
  queues: OpenQueues;
  /** Those of these ids that `get` would find, in a few queries that read no job. */
  existing(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * The listener is called for each response before the sweep removes it; if it fails, the removal waits for the next
   * run.
   */
  onExpiring(listener: (job: Job) => Promise<void>): void;
  /** The listener is called with the jobs that the sweep has removed here. */
  onRemoved(listener: (jobs: readonly RemovedJob[]) => Promise<void>): void;
  /** The listener is called when a process has changed the list of added models, or may have. */
  onModels(listener: () => void): void;
  /**
   * Fails the jobs of a model that no worker has at the moment, with this reason. Works from any process.
   * @returns the number of jobs that a worker still has
   */
  endWaiting(model: string, options: { reason: string; createdBefore: number }): Promise<number>;
};

/** The port over BullMQ: the job's log decides the outcome; BullMQ's state says who works on the job. */
export async function createBullmqQueue<B extends IQueueBackend, C>(
  options: BullmqQueueOptions<B, C>,
): Promise<BullmqQueue> {
  const { connection, terminalLines, onError, name = 'responses', now = Date.now } = options;
  const settings = { ...defaultQueueSettings, ...options.settings };
  const queues = createOpenQueues({ connection, base: name, onError });
  const local = createLocal();
  const { waiters, listeners } = local;
  // One listener per process, however many readers there are.
  const subscription =
    connection.listens === false
      ? undefined
      : await withBackendDeadline(() => connection.subscribe(name, (notice) => notify(notice, local)));
  const parts = { queues, settings, terminalLines, now, onError, onChange: waiters.wake };
  const jobs = new JobControl({ ...parts, deliver: (id, command) => deliver(local, id, command) });
  return {
    queues,
    existing: (ids) => existingJobs(queues, ids),
    onExpiring: (listener) => void listeners.expiring.push(listener),
    onRemoved: (listener) => void listeners.removed.push(listener),
    onModels: (listener) => void listeners.models.push(listener),
    endWaiting: (model, ending) => jobs.endWaiting(model, ending),
    add(job) {
      if (!isJobId(job.id))
        throw new ServiceError({ code: 'invalid_value', message: 'The id is malformed.', param: 'id' });
      return withBackendDeadline(() => addJob(job, { queues, settings, now }));
    },
    get: (id) =>
      withBackendDeadline(async () => {
        const found = await jobs.visible(id);
        return found && toSnapshot(found.record);
      }),
    list: (query) => withBackendDeadline(() => listWithWaiting(queues, query)),
    events: (id, events) =>
      followLog(id, {
        ...events,
        log: (from, limit) => jobs.log(id, from, limit),
        waiters,
        recheckMs: settings.recheckMs,
      }),
    control: (id, command) => withBackendDeadline(() => jobs.control(id, command)),
    remove: (id) => withBackendDeadline(() => jobs.remove(id)),
    consume: (consuming, handler) => consume({ ...parts, ...consuming, handler }, local),
    async close() {
      await Promise.all([...local.consumers].map((consumer) => consumer.close({ drainMs: 0 })));
      waiters.wakeAll();
      // A backend that is down does not answer, so do not wait longer.
      await waitAtMost(Promise.all([subscription?.close(), queues.close()]), 3_000);
    },
  };
}

/** What in this process is notified of changes. */
type Local = ReturnType<typeof createLocal>;

function createLocal() {
  const listeners: {
    expiring: ((job: Job) => Promise<void>)[];
    removed: ((jobs: readonly RemovedJob[]) => Promise<void>)[];
    models: (() => void)[];
  } = { expiring: [], removed: [], models: [] };
  return { waiters: createLogWaiters(), consumers: new Set<RunningConsumer>(), listeners };
}

function notify(notice: Notice, local: Local): void {
  switch (notice.type) {
    case 'log':
      local.waiters.wake(notice.id, notice.change);
      break;
    case 'control':
      deliver(local, notice.id, notice.command);
      break;
    case 'waiting':
      for (const consumer of local.consumers) consumer.wake(notice.queue);
      break;
    case 'models':
      for (const listener of local.listeners.models) listener();
      break;
    case 'missed':
      local.waiters.wakeAll();
      for (const listener of local.listeners.models) listener();
      for (const consumer of local.consumers) consumer.wake();
      break;
    default:
      notice satisfies never;
  }
}

function deliver({ consumers }: Local, id: string, command: ControlCommand): void {
  for (const consumer of consumers) consumer.deliver(id, command);
}

/** A page of an owner's jobs, and how many jobs wait in all queues. */
async function listWithWaiting(queues: OpenQueues, query: ListQuery): ReturnType<JobQueue['list']> {
  const count = async () => Promise.all((await queues.all()).map(({ parts }) => parts.waiting()));
  const [page, waiting] = await Promise.all([listJobs(queues, query), count()]);
  return { ...page, waiting: waiting.reduce((sum, each) => sum + each, 0) };
}

async function consume(
  options: Omit<Parameters<typeof startConsumer>[0], 'onExpiring' | 'onRemoved'>,
  { consumers, listeners }: Local,
): Promise<Consumer> {
  const consumer = await startConsumer({
    ...options,
    async onExpiring(job) {
      for (const listener of listeners.expiring) await listener(job);
    },
    async onRemoved(jobs) {
      for (const listener of listeners.removed) await listener(jobs);
    },
  });
  consumers.add(consumer);
  return {
    serve: (model, serving) => consumer.serve(model, serving),
    leave: (model) => consumer.leave(model),
    async close(closing) {
      await consumer.close(closing);
      consumers.delete(consumer);
    },
  };
}
