import { setTimeout as sleep } from 'node:timers/promises';

/** Time and chance, handed in so that tests need neither. Ms. */
export type Clock = {
  /** Ms since the epoch. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** @throws the signal's reason when it is aborted */
  sleep(ms: number, options: { signal: AbortSignal }): Promise<void>;
  /** Runs `callback` once, later; the function that comes back takes that back. */
  after(ms: number, callback: () => void): () => void;
};

export const systemClock: Clock = {
  now: Date.now,
  random: Math.random,
  async sleep(ms, { signal }) {
    try {
      await sleep(ms, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
  after(ms, callback) {
    // Node fires at once what is more than 2^31 - 1 ms away.
    const timer = setTimeout(callback, Math.min(ms, 2_147_483_647));
    return () => clearTimeout(timer);
  },
};
