/**
 * Separates the jobs of one process if one of them is suspected of killing it. A job that has lost two workers without
 * progress runs alone, so that it harms no other job if it kills a third.
 */
export type Quarantine = {
  /**
   * False: not now, the job goes back for a moment. True: it may run, until the function returned by `enter` is called.
   */
  admits(job: { id: string; suspect: boolean }): boolean;
  /** The job runs, until the returned function is called. */
  enter(job: { suspect: boolean }): () => void;
};

/** If a suspect has found no empty worker for this long, this worker stops taking jobs to become empty. ms */
const patienceMs = 20_000;
/** How long this process takes no new jobs after the last try of a suspect. ms */
const drainMs = 3_000;

export function createQuarantine(now: () => number): Quarantine {
  let running = 0;
  let alone = false;
  let drainUntil = 0;
  const waitingSince = new Map<string, number>();
  return {
    admits({ id, suspect }) {
      if (alone) return false;
      if (!suspect) return now() >= drainUntil;
      if (running === 0) {
        waitingSince.delete(id);
        return true;
      }
      const since = waitingSince.get(id) ?? now();
      waitingSince.set(id, since);
      if (now() - since > patienceMs) drainUntil = now() + drainMs;
      return false;
    },
    enter({ suspect }) {
      running += 1;
      if (suspect) {
        alone = true;
        drainUntil = 0;
      }
      return () => {
        running -= 1;
        if (suspect) alone = false;
      };
    },
  };
}
