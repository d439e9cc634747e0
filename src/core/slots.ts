/** A counting semaphore: so many holders at a time; the others wait in the order in which they came. */
export type Slots = {
  /**
   * Resolves with the function that releases the slot; calling it again has no effect. `atFront`: before those that wait.
   * @throws the reason of `signal`
   */
  acquire(options: { signal: AbortSignal; atFront?: boolean }): Promise<() => void>;
  /** Changes how many may be held. Above a lower count, holders keep their slots, and nobody gets one until enough are released. */
  resize(count: number): void;
  /** How many are held. */
  held(): number;
};

export function createSlots(count: number): Slots {
  let most = count;
  let held = 0;
  const waiting: Array<() => void> = [];

  function admit(): void {
    while (held < most) {
      const next = waiting.shift();
      if (next === undefined) return;
      held += 1;
      next();
    }
  }

  function createRelease(): () => void {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      held -= 1;
      admit();
    };
  }

  return {
    async acquire({ signal: shared, atFront = false }) {
      shared.throwIfAborted();
      // A signal of its own: on a shared one, Node would take more than ten listeners for a leak and warn.
      const signal = AbortSignal.any([shared]);
      await new Promise<void>((resolve, reject) => {
        const leave = () => {
          waiting.splice(waiting.indexOf(enter), 1);
          reject(signal.reason);
        };
        const enter = () => {
          signal.removeEventListener('abort', leave);
          resolve();
        };
        signal.addEventListener('abort', leave, { once: true });
        if (atFront) waiting.unshift(enter);
        else waiting.push(enter);
        admit();
      });
      return createRelease();
    },
    resize(to) {
      most = to;
      admit();
    },
    held: () => held,
  };
}
