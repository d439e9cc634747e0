/** The places in which a process sends, and what was put back for want of one. */
export type DeliveryPlaces<T> = {
  /** False: the key holds as many as it may now. */
  take(key: string): boolean;
  /** Gives what was set aside for the key and may have the place. */
  leave(key: string): T | undefined;
  /** Keeps in mind what found no place; at `until` (epoch ms) it comes again by itself. */
  setAside(key: string, waiting: T, until: number): void;
  /** What was set aside and finds a place by now, of all keys. */
  recall(): T[];
};

/**
 * A key holds `ofKey` places at most, and never more than are free (dynamic thresholds, Choudhury and Hahne, 1998): however
 * few keep theirs for long, others find one.
 */
export function createDeliveryPlaces<T>(options: { total: number; ofKey: number; now(): number }): DeliveryPlaces<T> {
  const { total, ofKey, now } = options;
  const held = new Map<string, number>();
  const aside = new Map<string, { waiting: T; until: number }[]>();
  let taken = 0;
  const room = (key: string) => Math.min(ofKey, total - taken) - (held.get(key) ?? 0);
  /** The oldest that has not come by itself. */
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
