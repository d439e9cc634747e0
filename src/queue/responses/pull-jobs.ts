import { waitAtMost } from '../../core/deadlines.ts';
import type { BullmqSource, RunningJob } from './bullmq-parts.ts';
import type { WeightedPicker } from './weighted-picker.ts';

export type JobPull = {
  /** A queue may have a job; without a name, all may have one. */
  wake(queue?: string): void;
  /** Pulls from these queues as well. */
  add(sources: readonly PulledSource[]): void;
  /** Takes no more jobs from these queues; resolves when the running ones have ended. */
  remove(names: readonly string[]): Promise<void>;
  /** Takes no new jobs from now on; resolves when the running ones have ended. */
  stop(): Promise<void>;
};

/** A queue to pull from, with its share relative to the others. */
export type PulledSource = { source: BullmqSource; weight: number };

type PullOptions = {
  sources: readonly BullmqSource[];
  picker: WeightedPicker;
  concurrency: number;
  pollMs: number;
  now(): number;
  onError(error: Error): void;
};

/** Pulls jobs from several queues according to their weights, at most `concurrency` at a time in total. */
export function pullJobs(options: PullOptions): JobPull {
  return new JobPuller(options);
}

class JobPuller implements JobPull {
  private readonly options: PullOptions;
  private readonly sources: Map<string, BullmqSource>;
  /** By the queue that the job is from. */
  private readonly running = new Map<Promise<void>, string>();
  /** The queue that is asked at the moment. */
  private asked: { name: string; answered: Promise<void> } | undefined;
  /** The queue that is asked may have got a job since: an answer that it has none may be out of date. */
  private woken = false;
  /** Queues not asked since the last round. */
  private readonly unasked: Set<string>;
  private roundAt: number;
  private stopped = false;
  /** Resolves when something may have changed. */
  private change: Promise<void> = Promise.resolve();
  private changed = () => {};
  private readonly looping: Promise<void>;

  constructor(options: PullOptions) {
    this.options = options;
    this.sources = new Map(options.sources.map((source) => [source.name, source]));
    this.unasked = new Set(this.sources.keys());
    this.roundAt = options.now();
    this.awaitChange();
    this.looping = this.loop();
  }

  wake(queue?: string): void {
    if (queue === undefined || queue === this.asked?.name) this.woken = true;
    this.options.picker.ready(queue);
    this.changed();
  }

  add(added: readonly PulledSource[]): void {
    for (const { source, weight } of added) {
      this.sources.set(source.name, source);
      this.options.picker.add({ name: source.name, weight });
    }
    this.changed();
  }

  async remove(names: readonly string[]): Promise<void> {
    for (const name of names) {
      this.options.picker.remove(name);
      this.sources.delete(name);
      this.unasked.delete(name);
    }
    // A job that is being given out at this moment still runs.
    if (this.asked !== undefined && names.includes(this.asked.name)) await this.asked.answered;
    const theirs = () => [...this.running].flatMap(([ended, name]) => (names.includes(name) ? [ended] : []));
    // A job that ends may have started another.
    for (let left = theirs(); left.length > 0; left = theirs()) await Promise.all(left);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.changed();
    // If the backend is down, the last `take` waits for it to return.
    await waitAtMost(this.looping, 2_000);
    // A job that ends may have started another.
    while (this.running.size > 0) await Promise.all(this.running.keys());
  }

  private async loop(): Promise<void> {
    const { picker, concurrency, onError } = this.options;
    while (!this.stopped) {
      this.beginRound();
      const name = this.running.size < concurrency ? picker.next() : undefined;
      if (name === undefined) await this.pause();
      else {
        const answered = this.takeOne(name).catch((error: unknown) => {
          picker.empty(name);
          onError(error instanceof Error ? error : new Error(String(error)));
        });
        this.asked = { name, answered };
        await answered;
      }
    }
  }

  /** Asks every queue each `pollMs`, however busy one queue is: delayed and returned jobs send no notification. */
  private beginRound(): void {
    const { picker, pollMs, now } = this.options;
    const since = now() - this.roundAt;
    // If answers take longer than `pollMs`, the first queues would be asked again before the last ones were.
    if ((since >= 0 && since < pollMs) || this.unasked.size > 0) return;
    picker.ready();
    for (const name of this.sources.keys()) this.unasked.add(name);
    this.roundAt = now();
  }

  /**
   * Waits until something may have changed, the next poll is due, or, if there is a free slot, a delayed job becomes
   * due.
   */
  private async pause(): Promise<void> {
    const { picker, concurrency, pollMs, now } = this.options;
    const hasRoom = this.running.size < concurrency;
    const due = hasRoom ? [...this.sources.values()].map((source) => source.dueAt()).filter((at) => at > 0) : [];
    const round = this.unasked.size > 0 ? pollMs : this.roundAt + pollMs - now();
    const times = [round, ...due.map((at) => at - now() + 1)];
    const ms = Math.max(1, Math.min(pollMs, ...times));
    if (!(await waitAtMost(this.change, ms)) && hasRoom) picker.ready();
    this.awaitChange();
  }

  private awaitChange(): void {
    this.change = new Promise((resolve) => {
      this.changed = resolve;
    });
  }

  private async takeOne(name: string): Promise<void> {
    const { picker } = this.options;
    this.unasked.delete(name);
    this.woken = false;
    const job = await this.sources.get(name)?.take(() => !this.stopped && picker.next() === name);
    if (job) this.run(name, job);
    else if (!this.woken) picker.empty(name);
  }

  private run(name: string, job: RunningJob): void {
    this.options.picker.took(name);
    this.unasked.delete(name);
    const ended: Promise<void> = job.ended.then((next) => {
      this.running.delete(ended);
      if (next) this.run(name, next);
      else this.changed();
    });
    this.running.set(ended, name);
  }
}
