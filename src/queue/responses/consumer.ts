import { randomUUID } from 'node:crypto';
import { waitAtMost } from '../../core/deadlines.ts';
import type { ConsumeOptions, Consumer, ControlCommand, JobHandler } from '../../core/job-queue.ts';
import { createMaintenance } from '../maintenance.ts';
import { pulledQueues } from '../queue-names.ts';
import { type AttemptContext, runAttempt } from './attempt.ts';
import type { BullmqAttempt } from './bullmq-parts.ts';
import type { ConsumerParts } from './consumer-parts.ts';
import { eraseSecrets } from './job-log.ts';
import type { JobStore } from './job-store.ts';
import type { OpenLease } from './lease.ts';
import { createPendingCommands } from './pending-commands.ts';
import { type JobPull, type PulledSource, pullJobs } from './pull-jobs.ts';
import { createQuarantine } from './quarantine.ts';
import { createWeightedPicker } from './weighted-picker.ts';

/** A consumer that can receive commands: `deliver` passes one to the attempts at this job that run here. */
export type RunningConsumer = Consumer & {
  deliver(id: string, command: ControlCommand): void;
  /** A queue may have a job; without a name all may. */
  wake(queue?: string): void;
};

/** Time until a lease's job is checked again for the first time. */
const soonMs = 200;

export async function startConsumer(
  options: ConsumerParts & ConsumeOptions & { handler: JobHandler },
): Promise<RunningConsumer> {
  const { queues, settings, models, now, onError } = options;
  const open = new Map<OpenLease, JobStore>();
  let closing: Promise<void> | undefined;
  let pull: JobPull | undefined;
  const maintenance = createMaintenance(options);
  const quarantine = createQuarantine(now);
  const pending = createPendingCommands(now);
  const workerId = randomUUID();

  /** Commands whose notice was missed. */
  const recheckCommands = async (lease: OpenLease, store: JobStore) => {
    const record = await store.read(lease.id);
    if (record?.cancel) lease.end('cancelled');
    if (record?.answerNow) lease.answerNow();
    return record;
  };
  /** Also finds out whether another worker has the lock. */
  const recheck = async (lease: OpenLease, store: JobStore) => {
    const record = await recheckCommands(lease, store);
    if (!lease.committed() && record?.token !== lease.token) lease.end('lost');
  };
  const recheckAll = (id?: string) => {
    for (const [lease, store] of open) if (id === undefined || lease.id === id) recheck(lease, store).catch(onError);
  };
  const sourceOf = (name: string) => {
    const { parts, store } = queues.open(name);
    const context: AttemptContext = {
      ...options,
      store,
      quarantine,
      closing: () => closing !== undefined,
      endsEarlier(id) {
        const earlier = [...open.keys()].filter((lease) => lease.id === id);
        for (const lease of earlier) lease.end('lost');
        return earlier.length > 0;
      },
      register(lease) {
        open.set(lease, store);
        for (const command of pending.take(lease.id)) obey(lease, command);
        // A command may have been given after the job was taken, and its notice lost.
        const soon = setTimeout(() => recheckCommands(lease, store).catch(onError), soonMs);
        return () => {
          clearTimeout(soon);
          open.delete(lease);
        };
      },
    };
    const run = (attempt: BullmqAttempt) =>
      runAttempt(attempt, context).finally(() => eraseSecrets({ parts, store }, attempt).catch(onError));
    return parts.source(run, {
      lockMs: settings.lockMs,
      stalledCheckMs: settings.stalledCheckMs,
      maxStalledCount: settings.maxStalledCount,
      onLockLost: recheckAll,
      onWaiting: () => pull?.wake(name),
      onFailed: (id) => maintenance.settle({ parts, store }, id).catch(onError),
      onError,
    });
  };
  /** By model. */
  const served = new Map<string, { sources: readonly PulledSource[]; announce: boolean }>();
  const connect = async (model: string, announce: boolean): Promise<readonly PulledSource[]> => {
    const sources = pulledQueues(queues.base, [model]).map(({ name, weight }) => ({ source: sourceOf(name), weight }));
    await Promise.all(sources.map(({ source }) => source.ready()));
    served.set(model, { sources, announce });
    return sources;
  };
  const first = (await Promise.all(models.map((model) => connect(model, true)))).flat();
  let announcing: Promise<void> = Promise.resolve();
  const announce = () => {
    const learned = options.capabilities?.();
    const lengths = options.contextLengths?.();
    const pythonRefusal = options.pythonRefusal?.();
    const announced = [...served]
      .flatMap(([id, { announce }]) => (announce ? [id] : []))
      .map((id) => ({
        id,
        contextLength: lengths?.get(id),
        capabilities: learned?.get(id),
        pythonRefusal,
      }));
    announcing = queues.directory.announce(workerId, announced, now()).catch(onError);
    return announcing;
  };
  await announce();
  const timers = [setInterval(() => recheckAll(), settings.recheckMs), setInterval(announce, settings.announceMs)];
  const picker = createWeightedPicker(first.map(({ source: { name }, weight }) => ({ name, weight })));
  const { concurrency } = options;
  const sources = first.map(({ source }) => source);
  pull = pullJobs({ sources, picker, concurrency, pollMs: settings.pollMs, now, onError });
  maintenance.start();

  const close = async (drainMs: number) => {
    const ended = pull.stop();
    await waitAtMost(ended, drainMs);
    for (const lease of open.keys()) lease.end('shutdown');
    // If the backend is down, the jobs cannot be handed back: their locks expire.
    await waitAtMost(ended, settings.handBackMs + 2_000);
    await waitAtMost(
      Promise.all([...served.values()].flatMap(({ sources }) => sources.map(({ source }) => source.close()))),
      1_000,
    );
    for (const timer of timers) clearInterval(timer);
    await maintenance.stop();
  };
  return {
    deliver(id, command) {
      const leases = [...open.keys()].filter((lease) => lease.id === id);
      if (leases.length === 0) pending.keep(id, command);
      for (const lease of leases) obey(lease, command);
    },
    wake: (queue) => pull.wake(queue),
    async serve(model, { announce: isAnnounced = true } = {}) {
      if (closing !== undefined || served.has(model)) return;
      pull.add(await connect(model, isAnnounced));
      await announce();
    },
    async leave(model) {
      const left = served.get(model);
      if (closing !== undefined || left === undefined) return;
      served.delete(model);
      await announcing;
      await queues.directory.retract(model).catch(onError);
      await pull.remove(left.sources.map(({ source }) => source.name));
      await waitAtMost(Promise.all(left.sources.map(({ source }) => source.close())), 1_000);
    },
    close({ drainMs }) {
      closing ??= close(drainMs);
      return closing;
    },
  };
}

function obey(lease: OpenLease, command: ControlCommand): void {
  if (command === 'cancel') lease.end('cancelled');
  else lease.answerNow();
}
