import { asFault, type ServiceFault } from './service-fault.ts';

const firstPauseMs = 400;
const longestPauseMs = 8_000;

/**
 * Calls until the service answers: lost connections, a service that is not ready and limits are waited out with growing
 * pauses, and tried again at once when the browser is back online.
 * @param options.onFault hears of each failure that is waited out
 * @throws ServiceFault where waiting does not help; an abort is rethrown as it is
 */
export async function whenReachable<T>(
  call: () => Promise<T>,
  options: { signal: AbortSignal; onFault?(fault: ServiceFault): void },
): Promise<T> {
  const { signal, onFault } = options;
  const pauses = growingPauses(signal);
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (signal.aborted) throw error;
      const fault = asFault(error);
      if (!isPassing(fault)) throw fault;
      onFault?.(fault);
      await pauses.next(fault.retryAfter);
      signal.throwIfAborted();
    }
  }
}

/** Whether a connection or a service that is away may come back by itself. */
export function isPassing({ kind, retryable }: ServiceFault): boolean {
  return retryable && kind !== 'server';
}

/** Pauses that double up to 8 s; each ends early when the browser is online again, or at an abort. */
export function growingPauses(signal: AbortSignal): {
  /** Waits, at least as many seconds as the service asked for. */
  next(retryAfter?: number): Promise<void>;
  reset(): void;
} {
  let pauseMs = firstPauseMs;
  return {
    async next(retryAfter = 0) {
      await pause(Math.max(pauseMs, retryAfter * 1000), signal);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    },
    reset() {
      pauseMs = firstPauseMs;
    },
  };
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      window.removeEventListener('online', over);
      resolve();
    };
    const timer = setTimeout(over, milliseconds);
    signal.addEventListener('abort', over);
    window.addEventListener('online', over);
  });
}
