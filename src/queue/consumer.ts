import { type AttemptContext, runAttempt } from './attempt.ts';
import type { ConsumerParts } from './consumer-parts.ts';
import type { Consumer, ControlCommand, JobHandler } from './job-queue.ts';
import type { OpenLease } from './lease.ts';
import { createMaintenance } from './maintenance.ts';
import { settledWithin } from './settled-within.ts';

/** A consumer that commands reach: `deliver` gives one to the attempts at this job that run here. */
export type RunningConsumer = Consumer & { deliver(id: string, command: ControlCommand): void };

export async function startConsumer(
  options: ConsumerParts & { concurrency: number; handler: JobHandler },
): Promise<RunningConsumer> {
  const { parts, store, settings, onError } = options;
  const open = new Set<OpenLease>();
  let closing: Promise<void> | undefined;
  const maintenance = createMaintenance(options);

  /** Reads what a lease's job says now: flags whose message was missed, a lock that another worker has. */
  const recheck = async (lease: OpenLease) => {
    const record = await store.read(lease.id);
    if (record?.cancel) lease.end('cancelled');
    if (record?.answerNow) lease.answerNow();
    if (!lease.committed() && record?.token !== lease.token) lease.end('lost');
  };
  const recheckAll = (id?: string) => {
    for (const lease of open) if (id === undefined || lease.id === id) recheck(lease).catch(onError);
  };
  const context: AttemptContext = {
    ...options,
    closing: () => closing !== undefined,
    register(lease) {
      open.add(lease);
      return () => open.delete(lease);
    },
  };
  const worker = parts.work((attempt) => runAttempt(attempt, context), {
    concurrency: options.concurrency,
    lockMs: settings.lockMs,
    stalledCheckMs: settings.stalledCheckMs,
    maxStalledCount: settings.maxStalledCount,
    onLockLost: recheckAll,
    onFailed: (id) => maintenance.settle(id).catch(onError),
    onError,
  });
  const timer = setInterval(() => recheckAll(), settings.recheckMs);
  await worker.ready();
  maintenance.start();

  const close = async (drainMs: number) => {
    const closed = worker.close();
    await settledWithin(closed, drainMs);
    for (const lease of open) lease.end('shutdown');
    // A backend that is away can't take the jobs back: their locks run out by themselves.
    await settledWithin(closed, settings.handBackMs + 3_000);
    clearInterval(timer);
    await maintenance.stop();
  };
  return {
    deliver(id, command) {
      for (const lease of open) {
        if (lease.id !== id) continue;
        if (command === 'cancel') lease.end('cancelled');
        else lease.answerNow();
      }
    },
    close({ drainMs }) {
      closing ??= close(drainMs);
      return closing;
    },
  };
}
