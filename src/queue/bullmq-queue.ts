import { randomUUID } from 'node:crypto';
import type { IQueueBackend } from 'bullmq';
import { ServiceError } from '../contracts/service-error.ts';
import { createBullmqParts, type QueueConnection } from './bullmq-parts.ts';
import { type RunningConsumer, startConsumer } from './consumer.ts';
import { endJob } from './end-job.ts';
import { followLog } from './follow-log.ts';
import type { ControlCommand, JobQueue, TerminalLines } from './job-queue.ts';
import type { JobRecord } from './job-store.ts';
import { listJobs, toSnapshot } from './list-jobs.ts';
import { defaultQueueSettings, type QueueSettings } from './queue-settings.ts';
import { reachBackend } from './reach-backend.ts';
import { settledWithin } from './settled-within.ts';
import { isJobId, loadJob, ownerKey, storeJob } from './stored-job.ts';
import { createWakeups } from './wakeups.ts';

/** Of a job that nobody waits for. */
const flexPriority = 10;

export type BullmqQueueOptions<B extends IQueueBackend, C> = {
  /** Stays its opener's: `close` of the queue leaves it open. */
  connection: QueueConnection<B, C>;
  terminalLines: TerminalLines;
  /** Errors that no caller can be given: of the background connections, of a handler that is tried again. */
  onError(error: Error): void;
  settings?: Partial<QueueSettings>;
  /** BullMQ's queue. */
  name?: string;
  /** Epoch ms. */
  now?(): number;
};

/** The port over BullMQ: the job's log is the truth, BullMQ's state says who works on it. */
export async function createBullmqQueue<B extends IQueueBackend, C>(
  options: BullmqQueueOptions<B, C>,
): Promise<JobQueue> {
  const { connection, terminalLines, onError, name = 'responses', now = Date.now } = options;
  const settings = { ...defaultQueueSettings, ...options.settings };
  const store = connection.store(name);
  const parts = createBullmqParts({ connection, name, onError });
  const wakeups = createWakeups();
  const consumers = new Set<RunningConsumer>();
  const deliver = (id: string, command: ControlCommand) => {
    for (const consumer of consumers) consumer.deliver(id, command);
  };
  // One listener for the whole process, however many readers.
  const listener =
    connection.listens === false ? undefined : parts.listen({ onChange: wakeups.wake, onControl: deliver, onError });
  await reachBackend(async () => listener?.ready());

  const visible = async (id: string): Promise<JobRecord | undefined> => {
    if (!isJobId(id)) return undefined;
    const record = await store.read(id);
    return record?.forgotten ? undefined : record;
  };

  const control = async (id: string, command: ControlCommand) => {
    for (let round = 0; round < 20; round += 1) {
      const record = await visible(id);
      if (!record) return 'not_found';
      if (record.terminal !== undefined) return 'already_ended';
      if (record.running) {
        const marked = await store.mark(id, command);
        if (marked === 'not_running') continue;
        if (marked === 'missing') return 'not_found';
        if (marked === 'ended') return 'already_ended';
        deliver(id, command);
        return 'accepted';
      }
      if (command === 'answer_now') return 'not_running';
      const job = loadJob(record.data);
      const ended = await endJob({ store, settings, job, now, line: (log) => terminalLines.cancelled(job, log) });
      // A worker took it in this very moment: then it is the worker that must hear of it.
      if (ended === 'running') continue;
      if (ended === 'missing') return 'not_found';
      wakeups.wake(id);
      return ended === 'appended' ? 'accepted' : 'already_ended';
    }
    throw new Error(`${id} changes hands too often`);
  };

  return {
    add(job) {
      if (!isJobId(job.id))
        throw new ServiceError({ code: 'invalid_value', message: 'The id is malformed.', param: 'id' });
      return reachBackend(async () => {
        const stored = storeJob(job, randomUUID());
        await store.index({ id: job.id, owner: stored.owner, createdAt: job.createdAt });
        const priority = job.tier === 'flex' ? flexPriority : 0;
        await parts.add(job.id, stored, { ...settings, timestamp: job.createdAt, priority });
        return { created: await store.isCreatedBy(job.id, stored.nonce) };
      });
    },
    get: (id) =>
      reachBackend(async () => {
        const record = await visible(id);
        return record && toSnapshot(record);
      }),
    list: (query) =>
      reachBackend(async () => {
        const [page, waiting] = await Promise.all([listJobs(store, query), parts.waiting()]);
        return { ...page, waiting };
      }),
    events: (id, events) =>
      followLog(isJobId(id) ? id : 'none', { ...events, store, wakeups, recheckMs: settings.recheckMs }),
    control: (id, command) => reachBackend(() => control(id, command)),
    remove: (id) =>
      reachBackend(async () => {
        const record = await visible(id);
        if (!record) return false;
        await control(id, 'cancel');
        const { owner } = loadJob(record.data);
        await store.forget(id, ownerKey(owner));
        wakeups.wake(id);
        // A worker may still hold it: then the sweep removes it.
        if (await parts.remove(id)) await store.dropped(id, ownerKey(owner));
        return true;
      }),
    async consume({ concurrency }, handler) {
      const consumer = await startConsumer({
        parts,
        store,
        settings,
        terminalLines,
        now,
        onChange: wakeups.wake,
        onError,
        concurrency,
        handler,
      });
      consumers.add(consumer);
      return {
        async close(close) {
          await consumer.close(close);
          consumers.delete(consumer);
        },
      };
    },
    async close() {
      await Promise.all([...consumers].map((consumer) => consumer.close({ drainMs: 0 })));
      wakeups.wakeAll();
      // A backend that is away answers no goodbye.
      await settledWithin(Promise.all([listener?.close(), parts.close()]), 3_000);
    },
  };
}
