import { useCallback, useEffect, useState } from 'react';
import { asFault, type ServiceFault } from './service-fault.ts';
import { whenReachable } from './when-reachable.ts';

/** Something that is fetched: under way, there, or failed. */
export type Load<T> = { state: 'loading' } | { state: 'ready'; value: T } | { state: 'failed'; fault: ServiceFault };

/**
 * Fetches when the view opens, again while nothing answers (what failed is shown meanwhile), and whenever `load` changes (wrap it in `useCallback`); `reload` fetches again, keeping what
 * is shown until the new value is there.
 */
export function useLoad<T>(load: (options: { signal: AbortSignal }) => Promise<T>): Load<T> & { reload(): void } {
  const [result, setResult] = useState<Load<T>>({ state: 'loading' });
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((count) => count + 1), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a turn is a wish to fetch again
  useEffect(() => {
    const gone = new AbortController();
    const failed = (error: unknown) => !gone.signal.aborted && setResult({ state: 'failed', fault: asFault(error) });
    whenReachable(() => load({ signal: gone.signal }), { signal: gone.signal, onFault: failed }).then(
      (value) => !gone.signal.aborted && setResult({ state: 'ready', value }),
      failed,
    );
    return () => gone.abort();
  }, [load, turn]);
  return { ...result, reload };
}
