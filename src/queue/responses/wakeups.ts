/** Waiters of this process by job id; waking one job touches only its own waiters. */
export type Wakeups = {
  /** Registers before the caller reads, so that a change in between isn't missed. */
  watch(id: string): Watch;
  wake(id: string): void;
  wakeAll(): void;
};

type Watch = {
  /** Resolves on the first wake since `watch`, after `timeoutMs`, or when `signal` aborts. */
  changed(options: { timeoutMs: number; signal?: AbortSignal }): Promise<void>;
  close(): void;
};

export function createWakeups(): Wakeups {
  const waiters = new Map<string, Set<() => void>>();
  const wake = (id: string) => {
    const own = waiters.get(id);
    waiters.delete(id);
    for (const resolve of own ?? []) resolve();
  };
  return {
    wake,
    wakeAll() {
      for (const id of [...waiters.keys()]) wake(id);
    },
    watch(id) {
      let resolve = () => {};
      const woken = new Promise<void>((done) => {
        resolve = done;
      });
      const own = waiters.get(id) ?? new Set();
      waiters.set(id, own.add(resolve));
      return {
        async changed({ timeoutMs, signal }) {
          if (signal?.aborted) return;
          const timer = setTimeout(resolve, timeoutMs);
          signal?.addEventListener('abort', resolve, { once: true });
          await woken;
          clearTimeout(timer);
          signal?.removeEventListener('abort', resolve);
        },
        close() {
          own.delete(resolve);
          if (own.size === 0 && waiters.get(id) === own) waiters.delete(id);
        },
      };
    },
  };
}
