import { ServiceError } from '../contracts/service/service-error.ts';
import { LeaseEnded } from './job-queue.ts';

/** Waits for `work`, `ms` at most; false: it goes on by itself. */
export async function settledWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const settled = await Promise.race([work.then(() => true), deadline]);
  clearTimeout(timer);
  return settled;
}

/** Runs `work` against the backend; a failure or `deadlineMs` without an answer gives ServiceError `backend_unavailable`. */
export async function reachBackend<T>(work: () => Promise<T>, deadlineMs = 8_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    return await Promise.race([work(), deadline]);
  } catch (error) {
    if (error instanceof ServiceError || error instanceof LeaseEnded) throw error;
    throw backendUnavailable(error);
  } finally {
    clearTimeout(timer);
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
