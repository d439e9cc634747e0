import type { Job } from '../contracts/responses/job.ts';
import { waitAtMost } from '../core/deadlines.ts';
import type { TerminalLines } from '../core/job-queue.ts';
import type { OpenQueue, OpenQueues } from './open-queues.ts';
import type { QueueSettings } from './queue-settings.ts';
import { removeJob } from './responses/add-job.ts';
import { workersDied } from './responses/attempt.ts';
import { endJob, eraseSecrets } from './responses/job-log.ts';
import { loadJob } from './responses/stored-job.ts';

export type RemovedJob = { id: string; owner: string | null };

/** What a queue gives to its consumers and their maintenance. */
export type ConsumerParts = {
  queues: OpenQueues;
  settings: QueueSettings;
  terminalLines: TerminalLines;
  now(): number;
  onChange(id: string): void;
  /** Called for an expired job before it is removed; if this fails, the job stays until the next run. */
  onExpiring(job: Job): Promise<void>;
  /** Called with expired jobs that have been removed. */
  onRemoved(jobs: readonly RemovedJob[]): Promise<void>;
  onError(error: Error): void;
};

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
  /** Starts the next run only after this one, so that no job is swept twice at the same time. */
  const sweep = async () => {
    await run().catch(onError);
    if (stopped) return;
    // Random, so that many workers do not sweep at the same time.
    timer = setTimeout(start, settings.sweepMs * (0.75 + Math.random() / 2));
    timer.unref();
  };
  const start = () => {
    running = sweep();
  };
  return {
    start,
    settle,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await waitAtMost(running, 3_000);
    },
  };
}
