import type { Job } from '../../contracts/responses/job.ts';
import type { OpenQueue, OpenQueues } from '../open-queues.ts';
import { loadJob, ownerKey } from './stored-job.ts';

/**
 * Removes a job with all that is kept of it. `held`: a worker has it, so it stays until that lets go. Of one that is gone
 * already what is left in the indexes goes.
 */
export async function removeJob(
  id: string,
  { parts, store }: OpenQueue,
  queues: Pick<OpenQueues, 'directory'>,
): Promise<'held' | { job: Job | undefined }> {
  const record = await store.read(id);
  const job = record && loadJob(record.data);
  if (!(await parts.remove(id)) && record) return 'held';
  await store.dropped(id);
  await queues.directory.dropped(id, job && ownerKey(job.owner));
  return { job };
}
