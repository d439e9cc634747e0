/** Runs works of one key one after the other, in the order in which they came; a work that fails holds up none. */
export function createTurns(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  /** The last of each key that has any. */
  const last = new Map<string, Promise<unknown>>();
  return async function inTurn(key, work) {
    const mine = (last.get(key) ?? Promise.resolve()).then(work, work);
    last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (last.get(key) === mine) last.delete(key);
    }
  };
}
