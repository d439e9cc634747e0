import { ServiceError } from '../contracts/service/service-error.ts';
import { LeaseEnded } from './job-queue.ts';

/** Stands for a result that did not come in time. */
export const late = Symbol('late');

/**
 * What `work` gives, or `late` once `ms` have passed or `signal` is aborted. The work itself goes on. To wait for the same work
 * again and again would leak: each wait stays in memory until the work ends.
 * @throws what `work` throws in time
 */
export function orLate<T>(
  work: Promise<T>,
  { ms, signal }: { ms?: number; signal?: AbortSignal | undefined },
): Promise<T | typeof late> {
  // One promise and not a race of two: an idle stream waits here, and thousands of them are open at the same time.
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = () => {
      leave();
      resolve(late);
    };
    const leave = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    };
    work.then(
      (value) => {
        leave();
        resolve(value);
      },
      (error) => {
        leave();
        reject(error);
      },
    );
    if (signal?.aborted === true) return stop();
    if (ms !== undefined) timer = setTimeout(stop, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** Waits for `work`, `ms` at most; false where it has not ended by then. */
export async function waitAtMost(work: Promise<unknown>, ms: number): Promise<boolean> {
  return (await orLate(work, { ms })) !== late;
}

/** Gives `work` a signal that is aborted after `ms`, with an error that says `reason`. Its timer ends with the work. */
export async function withTimeLimit<T>(
  { ms, reason }: { ms: number; reason: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new Error(reason)), ms);
  try {
    return await work(limit.signal);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A timer that fires this much later than it was set for shows that the process itself was paused (SIGSTOP, a debugger):
 * a reply may have come meanwhile and not be read yet. ms
 */
export const pausedMs = 2_000;

/** The backend has this long to answer. */
const backendMs = 8_000;

/**
 * Runs `work` against the backend; a failure or no answer in time gives ServiceError `backend_unavailable`. If the time
 * passed while this process was paused, it begins again.
 */
export async function withBackendDeadline<T>(work: () => Promise<T>): Promise<T> {
  try {
    const answering = work();
    for (;;) {
      const due = performance.now() + backendMs;
      const answer = await orLate(answering, { ms: backendMs });
      if (answer !== late) return answer;
      if (performance.now() - due < pausedMs) throw new Error(`no answer within ${backendMs} ms`);
    }
  } catch (error) {
    if (error instanceof ServiceError || error instanceof LeaseEnded) throw error;
    throw backendUnavailable(error);
  }
}

export function isBackendUnavailable(error: unknown): boolean {
  return error instanceof ServiceError && error.code === 'backend_unavailable';
}

function backendUnavailable(cause: unknown): ServiceError {
  return new ServiceError({
    code: 'backend_unavailable',
    message: 'The queue is not reachable at the moment. Try again shortly.',
    retryAfterSeconds: 2,
    cause,
  });
}
