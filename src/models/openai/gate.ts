/** Lets a bounded number through at the same time, first come first served. */
export type Gate = { enter(options: { signal: AbortSignal }): Promise<() => void> };

/** `enter` resolves to the function that leaves; it rejects with the signal's reason when that is aborted first. */
export function createGate(places: number): Gate {
  const waiting: Array<() => void> = [];
  let free = places;
  const leave = () => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };
  return {
    enter({ signal }) {
      signal.throwIfAborted();
      return new Promise((resolve, reject) => {
        const once = () => {
          let left = false;
          return () => {
            if (!left) leave();
            left = true;
          };
        };
        if (free > 0) {
          free--;
          resolve(once());
          return;
        }
        const onAbort = () => {
          waiting.splice(waiting.indexOf(admit), 1);
          reject(signal.reason);
        };
        const admit = () => {
          signal.removeEventListener('abort', onAbort);
          resolve(once());
        };
        signal.addEventListener('abort', onAbort, { once: true });
        waiting.push(admit);
      });
    },
  };
}
