import type { Job } from '../contracts/job.ts';
import type { QueueSettings } from './queue-settings.ts';
import type { StoredJob } from './stored-job.ts';

type PlaceSettings = Pick<QueueSettings, 'maxWaitingFlex' | 'maxWaitingOfKey' | 'placeBytes'>;

/** Places of its queue that one key may hold. */
export function placesOfKey({ tier }: Pick<Job, 'tier'>, { maxWaitingFlex, maxWaitingOfKey }: PlaceSettings): number {
  return tier === 'flex' ? Math.ceil(maxWaitingFlex / 4) : maxWaitingOfKey;
}

/** Places that a job holds while it waits: one for each `placeBytes`, a sixteenth of what its key may hold at most. */
export function placesOfJob(job: Pick<Job, 'tier'>, stored: StoredJob, settings: PlaceSettings): number {
  const bySize = Math.ceil(Buffer.byteLength(stored.job) / settings.placeBytes);
  return Math.max(1, Math.min(bySize, Math.floor(placesOfKey(job, settings) / 16)));
}

/** Bytes of a place, so that a body of the largest size counts as sixteen, or as fewer. */
export function placeBytesOf(mostBytesOfBody: number): number {
  return Math.max(65_536, Math.ceil(mostBytesOfBody / 16));
}
