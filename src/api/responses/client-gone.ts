import { ServiceError } from '../../contracts/service/service-error.ts';

/** Ends work for a client that has closed its connection. @throws ServiceError `conflict`, which nobody reads */
export function throwIfGone(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new ServiceError({ code: 'conflict', message: 'The client disconnected.' });
}
