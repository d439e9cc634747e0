/** Which of several queues is asked next. */
export type WeightedPicker = {
  /** The queue whose turn it is among those that may have jobs; undefined when all are dry. */
  next(): string | undefined;
  /** It gave a job: its turn comes again after 1 / weight. */
  took(name: string): void;
  /** It gave none; it is asked again once it is `wet`. */
  dry(name: string): void;
  /** It may have jobs; without a name all may. */
  wet(name?: string): void;
};

/**
 * Stride scheduling (Waldspurger and Weihl, 1995): of queues that always have jobs each gives its weight's share, in even
 * order. One that was dry starts at the others' place, so that it has saved nothing up.
 */
export function createWeightedPicker(queues: readonly { name: string; weight: number }[]): WeightedPicker {
  const entries = new Map(queues.map(({ name, weight }) => [name, { stride: 1 / weight, pass: 0, isDry: false }]));
  let clock = 0;
  const wetten = (name: string) => {
    const entry = entries.get(name);
    if (!entry?.isDry) return;
    entry.isDry = false;
    entry.pass = Math.max(entry.pass, clock);
  };
  return {
    next() {
      let best: string | undefined;
      let lowest = Number.POSITIVE_INFINITY;
      for (const [name, { isDry, pass }] of entries) {
        if (isDry || pass >= lowest) continue;
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
    dry(name) {
      const entry = entries.get(name);
      if (entry) entry.isDry = true;
    },
    wet(name) {
      if (name !== undefined) return wetten(name);
      for (const each of entries.keys()) wetten(each);
    },
  };
}
