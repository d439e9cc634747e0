/**
 * Keeps the jobs of one process apart where one of them is suspected to kill it. A job that has lost two workers without
 * getting any further runs alone: if it kills a third one, it takes nothing with it.
 */
export type Isolation = {
  /** False: not now, the job goes back for a moment. True: it runs, until the returned function of `enter` is called. */
  admits(job: { id: string; suspect: boolean }): boolean;
  enter(job: { suspect: boolean }): () => void;
};

/** A suspect that has found no empty worker for so long makes this one empty. ms */
const patienceMs = 20_000;
/** How long this process takes nothing new after the last try of a suspect. ms */
const drainMs = 3_000;

export function createIsolation(now: () => number): Isolation {
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
