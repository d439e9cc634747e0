import { randomUUID } from 'node:crypto';
import { waitAtMost } from '../../core/deadlines.ts';
import type { ConsumeOptions, Consumer, ControlCommand, JobHandler } from '../../core/job-queue.ts';
import { type ConsumerParts, createMaintenance } from '../maintenance.ts';
import { pulledQueues } from '../queue-names.ts';
import { type AttemptContext, runAttempt } from './attempt.ts';
import type { BullmqAttempt, BullmqSource } from './bullmq-parts.ts';
import { eraseSecrets } from './job-log.ts';
import { OpenLeases } from './open-leases.ts';
import { type JobPull, type PulledSource, pullJobs } from './pull-jobs.ts';
import { createQuarantine, type Quarantine } from './quarantine.ts';
import { createWeightedPicker } from './weighted-picker.ts';

/** A consumer that can receive commands: `deliver` passes one to the attempts at this job that run here. */
export type RunningConsumer = Consumer & {
  deliver(id: string, command: ControlCommand): void;
  /** A queue may have a job; without a name all may. */
  wake(queue?: string): void;
};

type ConsumerOptions = ConsumerParts & ConsumeOptions & { handler: JobHandler };

export async function startConsumer(options: ConsumerOptions): Promise<RunningConsumer> {
  const consumer = new JobConsumer(options);
  await consumer.start();
  return consumer;
}

class JobConsumer implements RunningConsumer {
  private readonly options: ConsumerOptions;
  private readonly leases: OpenLeases;
  private readonly maintenance: ReturnType<typeof createMaintenance>;
  private readonly quarantine: Quarantine;
  private readonly workerId = randomUUID();
  /** The queues of each model whose jobs are taken. */
  private readonly served = new Map<string, { sources: readonly PulledSource[]; announce: boolean }>();
  private announcing: Promise<void> = Promise.resolve();
  private timers: readonly NodeJS.Timeout[] = [];
  private pull: JobPull | undefined;
  private closing: Promise<void> | undefined;

  constructor(options: ConsumerOptions) {
    this.options = options;
    this.leases = new OpenLeases(options);
    this.maintenance = createMaintenance(options);
    this.quarantine = createQuarantine(options.now);
  }

  async start(): Promise<void> {
    const { models, settings, concurrency, now, onError } = this.options;
    const first = (await Promise.all(models.map((model) => this.connect(model, true)))).flat();
    await this.announce();
    this.timers = [
      setInterval(() => this.leases.recheck(), settings.recheckMs),
      setInterval(() => this.announce(), settings.announceMs),
    ];
    const picker = createWeightedPicker(first.map(({ source: { name }, weight }) => ({ name, weight })));
    const sources = first.map(({ source }) => source);
    this.pull = pullJobs({ sources, picker, concurrency, pollMs: settings.pollMs, now, onError });
    this.maintenance.start();
  }

  deliver(id: string, command: ControlCommand): void {
    this.leases.deliver(id, command);
  }

  wake(queue?: string): void {
    this.pull?.wake(queue);
  }

  async serve(model: string, { announce = true }: { announce?: boolean } = {}): Promise<void> {
    if (this.closing !== undefined || this.served.has(model)) return;
    this.pull?.add(await this.connect(model, announce));
    await this.announce();
  }

  async leave(model: string): Promise<void> {
    const left = this.served.get(model);
    if (this.closing !== undefined || left === undefined) return;
    this.served.delete(model);
    await this.announcing;
    await this.options.queues.directory.retract(model).catch(this.options.onError);
    await this.pull?.remove(left.sources.map(({ source }) => source.name));
    await closeSources(left.sources);
  }

  close({ drainMs }: { drainMs: number }): Promise<void> {
    this.closing ??= this.drain(drainMs);
    return this.closing;
  }

  private async drain(drainMs: number): Promise<void> {
    const ended = this.pull?.stop() ?? Promise.resolve();
    await waitAtMost(ended, drainMs);
    this.leases.endAll('shutdown');
    // If the backend is down, the jobs cannot be handed back: their locks expire.
    await waitAtMost(ended, this.options.settings.handBackMs + 2_000);
    await closeSources([...this.served.values()].flatMap(({ sources }) => sources));
    for (const timer of this.timers) clearInterval(timer);
    await this.maintenance.stop();
  }

  private announce(): Promise<void> {
    const { queues, now, onError } = this.options;
    const learned = this.options.capabilities?.();
    const lengths = this.options.contextLengths?.();
    const pythonRefusal = this.options.pythonRefusal?.();
    const announced = [...this.served]
      .flatMap(([id, { announce }]) => (announce ? [id] : []))
      .map((id) => ({ id, contextLength: lengths?.get(id), capabilities: learned?.get(id), pythonRefusal }));
    this.announcing = queues.directory.announce(this.workerId, announced, now()).catch(onError);
    return this.announcing;
  }

  private async connect(model: string, announce: boolean): Promise<readonly PulledSource[]> {
    const names = pulledQueues(this.options.queues.base, [model]);
    const sources = names.map(({ name, weight }) => ({ source: this.sourceOf(name), weight }));
    await Promise.all(sources.map(({ source }) => source.ready()));
    this.served.set(model, { sources, announce });
    return sources;
  }

  private sourceOf(name: string): BullmqSource {
    const { queues, settings, onError } = this.options;
    const { parts, store } = queues.open(name);
    const context: AttemptContext = {
      ...this.options,
      store,
      quarantine: this.quarantine,
      closing: () => this.closing !== undefined,
      endsEarlier: (id) => this.leases.endsEarlier(id),
      register: (lease) => this.leases.register(lease, store),
    };
    const run = (attempt: BullmqAttempt) =>
      runAttempt(attempt, context).finally(() => eraseSecrets({ parts, store }, attempt).catch(onError));
    return parts.source(run, {
      lockMs: settings.lockMs,
      stalledCheckMs: settings.stalledCheckMs,
      maxStalledCount: settings.maxStalledCount,
      onLockLost: (id) => this.leases.recheck(id),
      onWaiting: () => this.wake(name),
      onFailed: (id) => this.maintenance.settle({ parts, store }, id).catch(onError),
      onError,
    });
  }
}

async function closeSources(sources: readonly PulledSource[]): Promise<void> {
  await waitAtMost(Promise.all(sources.map(({ source }) => source.close())), 1_000);
}
