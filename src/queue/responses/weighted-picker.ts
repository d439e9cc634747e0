/** Chooses which of several queues is asked next. */
export type WeightedPicker = {
  /** The next queue among those that may have jobs; undefined if all are empty. */
  next(): string | undefined;
  /** The queue gave a job: its turn comes again after 1 / weight. */
  took(name: string): void;
  /** The queue gave no job; it is asked again after it is reported `ready`. */
  empty(name: string): void;
  /** The queue may have jobs; without a name, all may have. */
  ready(name?: string): void;
  /** One more queue, which may have jobs; a queue that is there stays as it is. */
  add(queue: WeightedQueue): void;
  remove(name: string): void;
};

type WeightedQueue = { name: string; weight: number };

/**
 * Stride scheduling (Waldspurger and Weihl, 1995): queues that always have jobs are served in proportion to their
 * weights, evenly interleaved. A queue that was empty starts at the others' current position, so it has not accumulated
 * a claim.
 */
export function createWeightedPicker(queues: readonly WeightedQueue[]): WeightedPicker {
  const entries = new Map<string, { stride: number; pass: number; isEmpty: boolean }>();
  let clock = 0;
  const add = ({ name, weight }: WeightedQueue) => {
    if (!entries.has(name)) entries.set(name, { stride: 1 / weight, pass: clock, isEmpty: false });
  };
  for (const queue of queues) add(queue);
  const markReady = (name: string) => {
    const entry = entries.get(name);
    if (!entry?.isEmpty) return;
    entry.isEmpty = false;
    entry.pass = Math.max(entry.pass, clock);
  };
  return {
    next() {
      let best: string | undefined;
      let lowest = Number.POSITIVE_INFINITY;
      for (const [name, { isEmpty, pass }] of entries) {
        if (isEmpty || pass >= lowest) continue;
        lowest = pass;
        best = name;
      }
      return best;
    },
    took(name) {
      const entry = entries.get(name);
      if (!entry) return;
      clock = entry.pass;
      entry.pass += entry.stride;
    },
    empty(name) {
      const entry = entries.get(name);
      if (entry) entry.isEmpty = true;
    },
    ready(name) {
      if (name !== undefined) return markReady(name);
      for (const each of entries.keys()) markReady(each);
    },
    add,
    remove: (name) => void entries.delete(name),
  };
}
