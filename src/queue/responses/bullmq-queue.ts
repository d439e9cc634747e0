import type { IQueueBackend } from 'bullmq';
import { type Job, JobSnapshot, type JobStatus, type LogLine } from '../../contracts/responses/job.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { waitAtMost, withBackendDeadline } from '../../core/deadlines.ts';
import type { ControlCommand, JobQueue, ListQuery, TerminalLines } from '../../core/job-queue.ts';
import { createOpenQueues, type OpenQueue, type OpenQueues } from '../open-queues.ts';
import { queuesOf } from '../queue-names.ts';
import { defaultQueueSettings, type QueueSettings } from '../queue-settings.ts';
import { addJob, removeJob } from './add-job.ts';
import type { QueueConnection } from './bullmq-parts.ts';
import { type RunningConsumer, startConsumer } from './consumer.ts';
import type { RemovedJob } from './consumer-parts.ts';
import { createLogWaiters, followLog } from './follow-log.ts';
import { endJob, eraseSecrets, parseRow } from './job-log.ts';
import type { JobRecord } from './job-store.ts';
import type { Notice } from './notices.ts';
import { isJobId, loadJob, ownerKey } from './stored-job.ts';

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
    const records = await Promise.all(ids.map(async (id) => (await queues.find(id))?.store.read(id)));
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
  const waiters = createLogWaiters();
  const consumers = new Set<RunningConsumer>();
  const deliver = (id: string, command: ControlCommand) => {
    for (const consumer of consumers) consumer.deliver(id, command);
  };
  const wakeConsumers = (queue?: string) => {
    for (const consumer of consumers) consumer.wake(queue);
  };
  const tellModels = () => {
    for (const listener of modelListeners) listener();
  };
  const modelListeners: (() => void)[] = [];
  const onNotice = (notice: Notice) => {
    switch (notice.type) {
      case 'log':
        return waiters.wake(notice.id);
      case 'control':
        return deliver(notice.id, notice.command);
      case 'waiting':
        return wakeConsumers(notice.queue);
      case 'models':
        return tellModels();
      case 'missed':
        waiters.wakeAll();
        tellModels();
        return wakeConsumers();
      default:
        return notice satisfies never;
    }
  };
  // One listener per process, however many readers there are.
  const listener =
    connection.listens === false ? undefined : await withBackendDeadline(() => connection.subscribe(name, onNotice));

  const find = (id: string) => (isJobId(id) ? queues.find(id) : Promise.resolve(undefined));
  const visible = async (id: string): Promise<(OpenQueue & { record: JobRecord }) | undefined> => {
    const queue = await find(id);
    const record = await queue?.store.read(id);
    return queue && record && !record.forgotten ? { ...queue, record } : undefined;
  };
  const control = async (id: string, command: ControlCommand | 'expire') => {
    for (let round = 0; round < 20; round += 1) {
      const found = await visible(id);
      if (!found) return 'not_found';
      const { record, store } = found;
      if (record.terminal !== undefined) return 'already_ended';
      if (record.running) {
        if (command === 'expire') return 'accepted';
        const marked = await store.mark(id, command);
        if (marked === 'not_running') continue;
        if (marked === 'missing') return 'not_found';
        if (marked === 'ended') return 'already_ended';
        deliver(id, command);
        return 'accepted';
      }
      if (command === 'answer_now') return 'not_running';
      const ended = await endUnheld(found, command === 'expire' ? terminalLines.late : terminalLines.cancelled);
      // A worker has just taken it: then the worker must receive the command.
      if (ended === 'running') continue;
      if (ended === 'missing') return 'not_found';
      return ended === 'appended' ? 'accepted' : 'already_ended';
    }
    throw new Error(`${id} changes hands too often`);
  };
  /** Writes the terminal line of a job, unless a worker has it. */
  const endUnheld = async (
    found: OpenQueue & { record: JobRecord },
    line: (job: Job, log: readonly LogLine[]) => LogLine,
  ) => {
    const { record, store } = found;
    const job = loadJob(record.data);
    const ended = await endJob({ store, settings, job, now, line: (log) => line(job, log) });
    if (ended === 'running' || ended === 'missing') return ended;
    // The job has ended; an error in freeing its position must not make that fail.
    if (ended === 'appended') await eraseSecrets(found, { id: job.id, data: record.data }).catch(onError);
    if (ended === 'appended' && record.position !== undefined) {
      await queues.directory.left(found.name, ownerKey(job.owner)).catch(onError);
    }
    waiters.wake(job.id);
    return ended;
  };
  const endWaiting = async (model: string, { reason, createdBefore }: { reason: string; createdBefore: number }) => {
    const known = new Set(await queues.directory.queues());
    let held = 0;
    const end = async (id: string) => {
      const found = await visible(id);
      if (found === undefined || found.record.terminal !== undefined) return;
      if (loadJob(found.record.data).createdAt >= createdBefore) return;
      if ((await endUnheld(found, (job, log) => terminalLines.failed(job, log, reason))) === 'running') held += 1;
    };
    for (const name of queuesOf(queues.base, model).filter((each) => known.has(each))) {
      const seen = new Set<string>();
      for (;;) {
        // What has ended is not listed again, so the next list begins with others.
        const fresh = (await queues.open(name).parts.unfinished()).filter((id) => !seen.has(id));
        if (fresh.length === 0) break;
        await Promise.all(fresh.map(end));
        for (const id of fresh) seen.add(id);
      }
    }
    return held;
  };

  const expiringListeners: ((job: Job) => Promise<void>)[] = [];
  const removedListeners: ((jobs: readonly RemovedJob[]) => Promise<void>)[] = [];
  return {
    queues,
    onExpiring: (listener) => void expiringListeners.push(listener),
    onRemoved: (listener) => void removedListeners.push(listener),
    onModels: (listener) => void modelListeners.push(listener),
    endWaiting: (model, options) => endWaiting(model, options),
    add(job) {
      if (!isJobId(job.id))
        throw new ServiceError({ code: 'invalid_value', message: 'The id is malformed.', param: 'id' });
      return withBackendDeadline(() => addJob(job, { queues, settings, now }));
    },
    get: (id) =>
      withBackendDeadline(async () => {
        const found = await visible(id);
        return found && toSnapshot(found.record);
      }),
    list: (query) =>
      withBackendDeadline(async () => {
        const count = async () => Promise.all((await queues.all()).map(({ parts }) => parts.waiting()));
        const [page, waiting] = await Promise.all([listJobs(queues, query), count()]);
        return { ...page, waiting: waiting.reduce((sum, each) => sum + each, 0) };
      }),
    events: (id, events) => followLog(id, { ...events, find, waiters, recheckMs: settings.recheckMs }),
    control: (id, command) => withBackendDeadline(() => control(id, command)),
    remove: (id) =>
      withBackendDeadline(async () => {
        const found = await visible(id);
        if (!found) return false;
        await control(id, 'cancel');
        await found.store.forget(id);
        waiters.wake(id);
        // If a worker still holds the job, it is removed by the sweep, or when the id is added again.
        await removeJob(id, found, queues);
        return true;
      }),
    async consume(consuming, handler) {
      const consumer = await startConsumer({
        queues,
        settings,
        terminalLines,
        now,
        onChange: waiters.wake,
        async onExpiring(job) {
          for (const listener of expiringListeners) await listener(job);
        },
        async onRemoved(jobs) {
          for (const listener of removedListeners) await listener(jobs);
        },
        onError,
        ...consuming,
        handler,
      });
      consumers.add(consumer);
      return {
        ...consumer,
        async close(close) {
          await consumer.close(close);
          consumers.delete(consumer);
        },
      };
    },
    async close() {
      await Promise.all([...consumers].map((consumer) => consumer.close({ drainMs: 0 })));
      waiters.wakeAll();
      // A backend that is down does not answer, so do not wait longer.
      await waitAtMost(Promise.all([listener?.close(), queues.close()]), 3_000);
    },
  };
}
