/** A semaphore: `count` holders at a time, the others wait in the order in which they came. */
export type Slots = {
  /** Gives what releases the slot; releasing it twice does nothing. @throws the reason of `signal` */
  acquire(signal: AbortSignal): Promise<() => void>;
};

export function createSlots(count: number): Slots {
  let free = count;
  const waiting: Array<() => void> = [];

  function held(): () => void {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    };
  }

  return {
    async acquire(shared) {
      shared.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return held();
      }
      // A signal of its own: on a shared one, Node would take more than ten listeners for a leak and warn.
      const signal = AbortSignal.any([shared]);
      await new Promise<void>((resolve, reject) => {
        const leave = () => {
          waiting.splice(waiting.indexOf(go), 1);
          reject(signal.reason);
        };
        const go = () => {
          signal.removeEventListener('abort', leave);
          resolve();
        };
        signal.addEventListener('abort', leave, { once: true });
        waiting.push(go);
      });
      return held();
    },
  };
}
