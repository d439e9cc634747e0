import { waitAtMost } from '../core/deadlines.ts';
import type { OpenQueue } from './open-queues.ts';
import { removeJob } from './responses/add-job.ts';
import { workersDied } from './responses/attempt.ts';
import type { ConsumerParts, RemovedJob } from './responses/consumer-parts.ts';
import { endJob, eraseSecrets } from './responses/job-log.ts';
import { loadJob } from './responses/stored-job.ts';

/** Background work of consumers: write the terminal line of jobs that BullMQ failed, and remove expired jobs. */
type Maintenance = {
  start(): void;
  /** Writes the terminal line of a job that BullMQ has failed without one. */
  settle(queue: Pick<OpenQueue, 'parts' | 'store'>, id: string): Promise<void>;
  stop(): Promise<void>;
};

/** Jobs per run and kind; the rest waits for the next run. */
const batch = 500;

export function createMaintenance(options: ConsumerParts): Maintenance {
  const { queues, settings, terminalLines, now, onChange, onError } = options;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const settle = async (queue: Pick<OpenQueue, 'parts' | 'store'>, id: string) => {
    const { store } = queue;
    const record = await store.read(id);
    if (!record?.failed || record.terminal !== undefined) return;
    const job = loadJob(record.data);
    await endJob({ store, settings, job, now, line: (log) => terminalLines.failed(job, log, workersDied) });
    await eraseSecrets(queue, { id, data: record.data });
    onChange(id);
  };
  const remove = async (queue: OpenQueue, id: string): Promise<RemovedJob | undefined> => {
    const record = await queue.store.read(id);
    if (record && !record.forgotten) await options.onExpiring(loadJob(record.data));
    const removed = await removeJob(id, queue, queues);
    // The next run finds the job again.
    if (removed === 'held') return undefined;
    return removed.job && { id, owner: removed.job.owner };
  };
  const run = async () => {
    for (const queue of await queues.all()) {
      for (const id of await queue.store.unsettled(batch)) if (!stopped) await settle(queue, id).catch(onError);
      const removed: RemovedJob[] = [];
      for (const id of await queue.store.expired(now(), batch)) {
        if (stopped) break;
        const job = await remove(queue, id).catch(onError);
        if (job) removed.push(job);
      }
      if (removed.length > 0) await options.onRemoved(removed);
    }
  };
  const schedule = () => {
    running = run().catch(onError);
    // Random, so that many workers do not sweep at the same time.
    timer = setTimeout(schedule, settings.sweepMs * (0.75 + Math.random() / 2));
    timer.unref();
  };
  return {
    start: schedule,
    settle,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await waitAtMost(running, 3_000);
    },
  };
}
