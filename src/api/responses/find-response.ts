import type { JobSnapshot } from '../../contracts/responses/job.ts';
import { responseId } from '../../contracts/service/query.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { JobQueue } from '../../core/job-queue.ts';
import type { Caller } from '../caller.ts';

/** The job of a response that is the caller's. @throws ServiceError `not_found`, for another's as for none */
export async function findResponse(queue: JobQueue, id: string, caller: Caller): Promise<JobSnapshot> {
  const snapshot = responseId.test(id) ? await queue.get(id) : undefined;
  if (!snapshot || snapshot.job.owner !== caller.owner) throw responseNotFound(id);
  return snapshot;
}

export function responseNotFound(id: string): ServiceError {
  return new ServiceError({ code: 'not_found', message: `There is no response '${id.slice(0, 128)}'.`, param: 'id' });
}
