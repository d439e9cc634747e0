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

/** Pulls jobs from several queues according to their weights, at most `concurrency` at a time in total. */
export function pullJobs(options: {
  sources: readonly BullmqSource[];
  picker: WeightedPicker;
  concurrency: number;
  pollMs: number;
  now(): number;
  onError(error: Error): void;
}): JobPull {
  const { picker, pollMs, now, onError } = options;
  const sources = new Map(options.sources.map((source) => [source.name, source]));
  /** By the queue that the job is from. */
  const running = new Map<Promise<void>, string>();
  /** The queue that is asked at the moment. */
  let asked: { name: string; answered: Promise<void> } | undefined;
  let stopped = false;
  let woken = () => {};
  let rest = new Promise<void>(() => {});
  const renew = () => {
    rest = new Promise((resolve) => {
      woken = resolve;
    });
  };
  renew();

  let lookedAt = now();
  /** Queues not asked since the last round. */
  const unasked = new Set(sources.keys());
  /** Polls every `pollMs`, however busy one queue is: delayed and returned jobs send no notification. */
  const lookEverywhere = () => {
    const since = now() - lookedAt;
    // If answers take longer than `pollMs`, the first queues would be asked again before the last ones were.
    if ((since >= 0 && since < pollMs) || unasked.size > 0) return;
    picker.ready();
    for (const name of sources.keys()) unasked.add(name);
    lookedAt = now();
  };
  /**
   * Waits until something may have changed, the next poll is due, or, if there is a free slot, a delayed job becomes
   * due.
   */
  const pause = async () => {
    const hasRoom = running.size < options.concurrency;
    const due = hasRoom ? [...sources.values()].map((source) => source.dueAt()).filter((at) => at > 0) : [];
    const look = unasked.size > 0 ? pollMs : lookedAt + pollMs - now();
    const times = [look, ...due.map((at) => at - now() + 1)];
    const ms = Math.max(1, Math.min(pollMs, ...times));
    if (!(await waitAtMost(rest, ms)) && hasRoom) picker.ready();
    renew();
  };
  const run = (name: string, job: RunningJob) => {
    picker.took(name);
    unasked.delete(name);
    const ended: Promise<void> = job.ended.then((next) => {
      running.delete(ended);
      if (next) run(name, next);
      else woken();
    });
    running.set(ended, name);
  };
  const takeOne = async (name: string) => {
    unasked.delete(name);
    const job = await sources.get(name)?.take(() => !stopped && picker.next() === name);
    if (job) run(name, job);
    else picker.empty(name);
  };
  const loop = async () => {
    while (!stopped) {
      lookEverywhere();
      const name = running.size < options.concurrency ? picker.next() : undefined;
      if (name === undefined) await pause();
      else {
        const answered = takeOne(name).catch((error: unknown) => {
          picker.empty(name);
          onError(error instanceof Error ? error : new Error(String(error)));
        });
        asked = { name, answered };
        await answered;
      }
    }
  };
  const looping = loop();
  return {
    wake(queue) {
      picker.ready(queue);
      woken();
    },
    add(added) {
      for (const { source, weight } of added) {
        sources.set(source.name, source);
        picker.add({ name: source.name, weight });
      }
      woken();
    },
    async remove(names) {
      for (const name of names) {
        picker.remove(name);
        sources.delete(name);
        unasked.delete(name);
      }
      // A job that is given right now still runs.
      if (asked !== undefined && names.includes(asked.name)) await asked.answered;
      const theirs = () => [...running].flatMap(([ended, name]) => (names.includes(name) ? [ended] : []));
      // A job that ends may have started another.
      for (let left = theirs(); left.length > 0; left = theirs()) await Promise.all(left);
    },
    async stop() {
      stopped = true;
      woken();
      // If the backend is down, the last `take` waits for it to return.
      await waitAtMost(looping, 2_000);
      // A job that ends may have started another.
      while (running.size > 0) await Promise.all(running.keys());
    },
  };
}
