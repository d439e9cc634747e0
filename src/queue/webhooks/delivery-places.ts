/** The slots in which a process sends deliveries, and those deferred because there was no free slot. */
type DeliveryPlaces<T> = {
  /** False: the key has as many slots as it may have now. */
  take(key: string): boolean;
  /** Frees a slot; returns the key's next deferred delivery that may use it. */
  leave(key: string): T | undefined;
  /** Records a deferred delivery; at `until` (epoch ms) it returns by itself. */
  setAside(key: string, waiting: T, until: number): void;
  /** The deferred deliveries of all keys that may have a slot by now. */
  recall(): T[];
};

/**
 * A key has at most `ofKey` slots, and never more than are free (dynamic thresholds, Choudhury and Hahne, 1998): even
 * if a few keys keep theirs for long, others find one.
 */
export function createDeliveryPlaces<T>(options: { total: number; ofKey: number; now(): number }): DeliveryPlaces<T> {
  const { total, ofKey, now } = options;
  const held = new Map<string, number>();
  const aside = new Map<string, { waiting: T; until: number }[]>();
  let taken = 0;
  const room = (key: string) => Math.min(ofKey, total - taken) - (held.get(key) ?? 0);
  /** The oldest that has not returned by itself. */
  const next = (key: string): T | undefined => {
    const entries = aside.get(key) ?? [];
    let entry = entries.shift();
    while (entry && entry.until <= now()) entry = entries.shift();
    if (entries.length === 0) aside.delete(key);
    return entry?.waiting;
  };
  return {
    take(key) {
      if (room(key) <= 0) return false;
      held.set(key, (held.get(key) ?? 0) + 1);
      taken += 1;
      return true;
    },
    leave(key) {
      const left = (held.get(key) ?? 0) - 1;
      if (left > 0) held.set(key, left);
      else held.delete(key);
      taken -= 1;
      return room(key) > 0 ? next(key) : undefined;
    },
    setAside(key, waiting, until) {
      const entries = aside.get(key) ?? [];
      entries.push({ waiting, until });
      aside.set(key, entries);
    },
    recall() {
      return [...aside.keys()].flatMap((key) =>
        Array.from({ length: Math.max(0, room(key)) }, () => next(key)).filter((waiting) => waiting !== undefined),
      );
    },
  };
}
