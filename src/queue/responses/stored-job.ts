import { z } from 'zod';
import { Job } from '../../contracts/responses/job.ts';

/**
 * BullMQ's `data`. The job itself is a string: PostgreSQL's jsonb rejects NUL and lone surrogates, which a client's
 * JSON may contain.
 */
export const StoredJob = z.object({
  owner: z.string(),
  /** Identifies the `add` that created the job, to distinguish the first adder of an id from the second. */
  nonce: z.string(),
  job: z.string(),
});
export type StoredJob = z.infer<typeof StoredJob>;

/** Ids that both backends can store; no other id was ever stored. */
export function isJobId(id: string): boolean {
  return /^[A-Za-z][\w-]{0,127}$/.test(id);
}

/** The owner's name in the index; all jobs without an owner share one. */
export function ownerKey(owner: string | null): string {
  return owner === null ? 'none' : `key-${Buffer.from(owner).toString('base64url')}`;
}

/** The nonce of a job that was imported from another store with its log. */
export const importedNonce = 'imported';

/** Whether its log may have lines before its first attempt. */
export function comesWithLog(data: unknown): boolean {
  return StoredJob.parse(data).nonce === importedNonce;
}

export function storeJob(job: Job, nonce: string): StoredJob {
  return { owner: ownerKey(job.owner), nonce, job: JSON.stringify(job) };
}

export function loadJob(data: unknown): Job {
  return Job.parse(JSON.parse(StoredJob.parse(data).job));
}
