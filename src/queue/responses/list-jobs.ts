import { JobSnapshot, type JobStatus } from '../../contracts/responses/job.ts';
import type { ListQuery } from '../../core/job-queue.ts';
import type { OpenQueues } from '../open-queues.ts';
import { parseRow } from './job-log.ts';
import type { JobRecord } from './job-store.ts';
import { loadJob, ownerKey } from './stored-job.ts';

/** Ids looked at per step of a filtered list. */
const pageIds = 100;

/** A page of an owner's jobs, newest first, in their state of now. */
export async function listJobs(
  queues: OpenQueues,
  { owner, limit, after, status }: ListQuery,
): Promise<{ jobs: JobSnapshot[]; hasMore: boolean }> {
  const jobs: JobSnapshot[] = [];
  for (let cursor = after; ; ) {
    const ids = await queues.directory.list(ownerKey(owner), { after: cursor, limit: status ? pageIds : limit + 1 });
    const records = await Promise.all(ids.map(async (id) => (await queues.find(id))?.store.read(id)));
    for (const record of records) {
      // Gone, or indexed a moment before it is added.
      if (!record || record.forgotten) continue;
      const snapshot = toSnapshot(record);
      if (status === undefined || snapshot.status === status) jobs.push(snapshot);
      if (jobs.length > limit) return { jobs: jobs.slice(0, limit), hasMore: true };
    }
    cursor = ids.at(-1);
    if (cursor === undefined || ids.length < (status ? pageIds : limit + 1)) return { jobs, hasMore: false };
  }
}

/** The terminal line decides; BullMQ's state only before it. */
export function toSnapshot(record: JobRecord): JobSnapshot {
  const terminal = record.terminal === undefined ? undefined : parseRow(record.terminal);
  return JobSnapshot.parse({
    job: loadJob(record.data),
    status: terminal?.terminal ?? runningStatus(record),
    // BullMQ's progress is 0 before the first.
    progress: typeof record.progress === 'object' ? record.progress : undefined,
    queuePosition: record.attempts === 0 ? record.position : undefined,
    terminal,
    attempts: record.attempts,
  });
}

/** A job that waits for its second attempt was already seen in progress, and stays so. */
function runningStatus(record: JobRecord): JobStatus {
  return record.running || record.attempts > 0 ? 'in_progress' : 'queued';
}
