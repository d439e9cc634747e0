import { z } from 'zod';
import { Job } from '../../contracts/responses/job.ts';

/**
 * BullMQ's `data`. The job itself is text: PostgreSQL's jsonb refuses NUL and lone surrogates, which a client's JSON may
 * hold, and text keeps them as they came.
 */
export const StoredJob = z.object({
  owner: z.string(),
  /** Of the `add` that made it: tells the first adder of an id from the second. */
  nonce: z.string(),
  job: z.string(),
});
export type StoredJob = z.infer<typeof StoredJob>;

/** Ids that both backends can hold; anything else was never stored. */
export function isJobId(id: string): boolean {
  return /^[A-Za-z][\w-]{0,127}$/.test(id);
}

/** The owner's name in the index; jobs without an owner share one. */
export function ownerKey(owner: string | null): string {
  return owner === null ? 'none' : `key-${Buffer.from(owner).toString('base64url')}`;
}

/** The nonce of a job that was brought in from another store, with what was logged there. */
export const importedNonce = 'imported';

/** Its log may have lines before its first attempt. */
export function comesWithLog(data: unknown): boolean {
  return StoredJob.parse(data).nonce === importedNonce;
}

export function storeJob(job: Job, nonce: string): StoredJob {
  return { owner: ownerKey(job.owner), nonce, job: JSON.stringify(job) };
}

export function loadJob(data: unknown): Job {
  return Job.parse(JSON.parse(StoredJob.parse(data).job));
}
