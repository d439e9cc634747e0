import { settledWithin } from '../../core/deadlines.ts';
import type { BullmqSource, RunningJob } from './bullmq-parts.ts';
import type { WeightedPicker } from './weighted-picker.ts';

export type JobPull = {
  /** A queue may have a job; without a name all may. */
  wake(queue?: string): void;
  /** Takes nothing new from now on; resolves when what runs has ended. */
  stop(): Promise<void>;
};

/** Pulls jobs from several queues as their weights say, `concurrency` of them at a time in all. */
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
  /** Not asked since. */
  const unasked = new Set(sources.keys());
  /** Every `pollMs`, however busy one queue is: what comes due or is handed back elsewhere says no word. */
  const lookEverywhere = () => {
    const since = now() - lookedAt;
    // Where answers take longer than `pollMs`, the first queues would be asked again before the last ones.
    if ((since >= 0 && since < pollMs) || unasked.size > 0) return;
    picker.wet();
    for (const name of sources.keys()) unasked.add(name);
    lookedAt = now();
  };
  /** Until something may have changed, it is time to look everywhere, or, where there is room, a delayed job comes due. */
  const pause = async () => {
    const hasRoom = running.size < options.concurrency;
    const due = hasRoom ? options.sources.map((source) => source.dueAt()).filter((at) => at > 0) : [];
    const look = unasked.size > 0 ? pollMs : lookedAt + pollMs - now();
    const times = [look, ...due.map((at) => at - now() + 1)];
    const ms = Math.max(1, Math.min(pollMs, ...times));
    if (!(await settledWithin(rest, ms)) && hasRoom) picker.wet();
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
    else picker.dry(name);
  };
  const loop = async () => {
    while (!stopped) {
      lookEverywhere();
      const name = running.size < options.concurrency ? picker.next() : undefined;
      if (name === undefined) await pause();
      else
        await takeOne(name).catch((error: unknown) => {
          picker.dry(name);
          onError(error instanceof Error ? error : new Error(String(error)));
        });
    }
  };
  const looping = loop();
  return {
    wake(queue) {
      picker.wet(queue);
      woken();
    },
    async stop() {
      stopped = true;
      woken();
      // A backend that is away lets the last `take` wait for it.
      await settledWithin(looping, 2_000);
      // One that ends may have brought another.
      while (running.size > 0) await Promise.all(running);
    },
  };
}
