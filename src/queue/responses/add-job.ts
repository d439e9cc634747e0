import { randomUUID } from 'node:crypto';
import type { Job } from '../../contracts/responses/job.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { OpenQueue, OpenQueues } from '../open-queues.ts';
import { queueName } from '../queue-names.ts';
import type { QueueSettings } from '../queue-settings.ts';
import { type ClaimResult, retryAfterSeconds } from './job-directory.ts';
import { loadJob, ownerKey, storeJob } from './stored-job.ts';

/**
 * Removes a job with everything stored about it. `held`: a worker has it, so it stays until the worker releases it. If
 * the job is already gone, removes what is left in the indexes.
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

/** Ten checks at intervals of 200 ms: an adder that has claimed an id but not added its job by then has died. */
const claimLooks = 10;
const claimLookMs = 200;

/**
 * Adds a job to the queue of its model and tier, at a position that is fair to other keys.
 * @throws ServiceError `queue_full` with `Retry-After` from the measured pace, `model_unavailable`; `conflict` if the
 * job with this id was removed but a worker still has to release it
 */
export async function addJob(
  job: Job,
  { queues, settings, now }: { queues: OpenQueues; settings: QueueSettings; now(): number },
): Promise<{ created: boolean }> {
  const stored = storeJob(job, randomUUID());
  const name = queueName(queues.base, job);
  await checkModel(job.model, { queues, settings, now });
  const claim = await queues.directory.claim({
    id: job.id,
    owner: stored.owner,
    createdAt: job.createdAt,
    queue: name,
    maxWaiting: job.tier === 'flex' ? settings.maxWaitingFlex : settings.maxWaiting,
    maxWaitingOfOwner: job.owner === null ? Number.MAX_SAFE_INTEGER : ofKey(job, settings),
  });
  if (claim.kind === 'full') throw full(claim, job);
  if (claim.kind === 'old') {
    const before = await addedBefore(job.id, claim.queue, { queues, to: name });
    if (before === 'there') return { created: false };
    if (before === 'removed') return addJob(job, { queues, settings, now });
  }
  const { parts, store } = queues.open(name);
  const { attempts, backoffMs } = settings;
  await parts.add(job.id, stored, { attempts, backoffMs, timestamp: job.createdAt, priority: claim.priority });
  // Only the process that claimed the id adds the job; there can be two only if the first one has died.
  if (claim.kind === 'old') return { created: await store.created(job.id, stored.nonce) };
  queues.remember(job.id, name);
  await store.tellWaiting();
  return { created: true };
}

function ofKey({ tier }: Job, { maxWaitingFlex, maxWaitingOfKey }: QueueSettings): number {
  return tier === 'flex' ? Math.ceil(maxWaitingFlex / 4) : maxWaitingOfKey;
}

/**
 * The id was claimed before, maybe for another queue (an Idempotency-Key with another model): the job in that queue
 * counts, as soon as it exists.
 */
async function addedBefore(
  id: string,
  from: string,
  { queues, to }: { queues: OpenQueues; to: string },
): Promise<'there' | 'removed' | 'ours'> {
  const queue = queues.open(from);
  for (let look = 0; look < claimLooks; look += 1) {
    const record = await queue.store.read(id);
    if (record?.forgotten) {
      if ((await removeJob(id, queue, queues)) === 'held') throw stopping(id);
      return 'removed';
    }
    if (record) return 'there';
    await new Promise((resolve) => setTimeout(resolve, claimLookMs));
  }
  return (await queues.directory.reclaim(id, { from, to })) ? 'ours' : 'there';
}

async function checkModel(
  model: string,
  { queues, settings, now }: { queues: OpenQueues; settings: QueueSettings; now(): number },
): Promise<void> {
  if (settings.absentModelMs === undefined) return;
  const announcedAt = await queues.directory.announced(model);
  if (announcedAt !== undefined && now() - announcedAt < settings.absentModelMs) return;
  throw new ServiceError({
    code: 'model_unavailable',
    message: `No worker has the model ${model} at the moment.`,
    param: 'model',
    retryAfterSeconds: 10,
  });
}

function stopping(id: string): ServiceError {
  return new ServiceError({
    code: 'conflict',
    message: `The response '${id}' was deleted and is being stopped. Try again shortly.`,
    retryable: true,
    retryAfterSeconds: 1,
  });
}

function full(claim: Extract<ClaimResult, { kind: 'full' }>, { model, tier }: Job): ServiceError {
  const whose = claim.of === 'owner' ? 'this key' : `${model} at service tier ${tier}`;
  return new ServiceError({
    code: 'queue_full',
    message: `Too many responses for ${whose} are waiting.`,
    retryAfterSeconds: retryAfterSeconds(claim),
  });
}
