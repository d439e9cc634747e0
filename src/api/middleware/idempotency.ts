import type { Job } from '../../contracts/responses/job.ts';
import { responseJob } from '../../contracts/responses/response-job.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { JobQueue } from '../../core/job-queue.ts';
import type { Sealer } from '../../store/sealer.ts';
import type { Caller } from '../caller.ts';

/** The job that a request with a key of the caller's is: the same key is the same id, so adding it twice is one job. */
export type Identity = { id: string; bodyHash: string };

const longestKey = 255;

/** @throws ServiceError `invalid_value` naming the header */
export function requestIdentity(
  key: string | undefined,
  body: Readonly<Record<string, unknown>>,
  { caller, sealer, kind = 'response' }: { caller: Caller; sealer: Sealer; kind?: string },
): Identity | undefined {
  if (key === undefined) return undefined;
  if (key === '' || key.length > longestKey) {
    const param = 'Idempotency-Key';
    const message = `Invalid '${param}': expected 1 to ${longestKey} characters.`;
    throw new ServiceError({ code: 'invalid_value', message, param });
  }
  return {
    id: `resp_${sealer.mac(JSON.stringify([kind, caller.owner, key]))}`,
    bodyHash: sealer.mac(JSON.stringify(body)),
  };
}

/**
 * The job that was accepted under this identity before, if there is one.
 * @throws ServiceError `conflict`, which no retry mends, where its body was another
 */
export async function acceptedBefore(queue: JobQueue, { id, bodyHash }: Identity): Promise<Job | undefined> {
  const snapshot = await queue.get(id);
  if (snapshot === undefined) return undefined;
  if (responseJob(snapshot.job).body_hash === bodyHash) return snapshot.job;
  throw new ServiceError({
    code: 'conflict',
    message: 'This Idempotency-Key was used before with another body.',
    param: 'Idempotency-Key',
    retryable: false,
  });
}
