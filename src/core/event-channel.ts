/** A queue between a producer that can't wait and one reader. */
type EventChannel<T> = {
  push(item: T): void;
  /** Nothing comes after it; what is queued is still read. */
  end(): void;
  /** Reading fails at once with `reason`; what is queued is dropped. */
  fail(reason: unknown): void;
  /** Items that wait to be read. */
  readonly size: number;
  /** Read once. `onReturn` hears of a reader that leaves early. */
  read(onReturn?: () => void): AsyncIterable<T>;
};

export function createEventChannel<T>(): EventChannel<T> {
  let queue: T[] = [];
  let state: { kind: 'open' } | { kind: 'ended' } | { kind: 'failed'; reason: unknown } = { kind: 'open' };
  let wake: (() => void) | undefined;
  const settle = (next: typeof state) => {
    if (state.kind !== 'open') return;
    state = next;
    wake?.();
  };
  return {
    push(item) {
      if (state.kind !== 'open') return;
      queue.push(item);
      wake?.();
    },
    end: () => settle({ kind: 'ended' }),
    fail(reason) {
      if (state.kind === 'open') queue = [];
      settle({ kind: 'failed', reason });
    },
    get size() {
      return queue.length;
    },
    async *read(onReturn) {
      try {
        while (true) {
          const items = queue;
          queue = [];
          for (const item of items) {
            // A failure (a cancel) is heard before the rest of what came in one piece.
            if (state.kind === 'failed') throw state.reason;
            yield item;
          }
          if (queue.length > 0) continue;
          if (state.kind === 'failed') throw state.reason;
          if (state.kind === 'ended') return;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          wake = undefined;
        }
      } finally {
        onReturn?.();
      }
    },
  };
}
