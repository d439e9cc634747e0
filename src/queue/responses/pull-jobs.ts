import { waitAtMost } from '../../core/deadlines.ts';
import type { BullmqSource, RunningJob } from './bullmq-parts.ts';
import type { WeightedPicker } from './weighted-picker.ts';

export type JobPull = {
  /** A queue may have a job; without a name, all may have one. */
  wake(queue?: string): void;
  /** Takes no new jobs from now on; resolves when the running ones have ended. */
  stop(): Promise<void>;
};

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
  const running = new Set<Promise<void>>();
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
    const due = hasRoom ? options.sources.map((source) => source.dueAt()).filter((at) => at > 0) : [];
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
    running.add(ended);
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
      else
        await takeOne(name).catch((error: unknown) => {
          picker.empty(name);
          onError(error instanceof Error ? error : new Error(String(error)));
        });
    }
  };
  const looping = loop();
  return {
    wake(queue) {
      picker.ready(queue);
      woken();
    },
    async stop() {
      stopped = true;
      woken();
      // If the backend is down, the last `take` waits for it to return.
      await waitAtMost(looping, 2_000);
      // A job that ends may have started another.
      while (running.size > 0) await Promise.all(running);
    },
  };
}
