import { z } from 'zod';
import type { Job } from '../../contracts/responses/job.ts';
import { responseJob } from '../../contracts/responses/response-job.ts';
import type { JobQueue } from '../../core/job-queue.ts';
import type { RecordStore } from '../../core/record-store.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { type Identity, usedBefore } from '../middleware/idempotency.ts';

/**
 * The requests that wait for a response with an Idempotency-Key: the one that made it and those that repeat it. `cancelled`: a
 * client has cancelled it, so no repetition runs again.
 */
const Readers = z.object({ waiting: z.int().nonnegative(), cancelled: z.boolean() });
type Readers = z.infer<typeof Readers>;

/** Without a record, the request that made the response waits for it. */
const onlyFirst: Readers = { waiting: 1, cancelled: false };

/** `readers:<response>`; goes with the response. */
export const readersPrefix = 'readers';
const recordOf = (id: string) => `${readersPrefix}:${id}`;

/** How often a key may run: each run is looked up. The last one's response is final. */
const mostRuns = 32;

/** `joined`: this request waits for the job as well, so the job is not cancelled before this client, too, has gone. */
export type Before = { job: Job; joined: boolean };

/**
 * The response that was made for this identity before, if there is one. A response that was cancelled, or is being cancelled, only
 * because its client's connection was lost does not count: then `identity` is that of the next run.
 * @throws ServiceError `conflict`, which no retry mends, if its body was another one
 */
export async function acceptedBefore(
  first: Identity,
  { queue, records }: { queue: JobQueue; records: RecordStore },
): Promise<{ identity: Identity; before?: Before }> {
  let identity = first;
  for (let run = 1; ; run += 1) {
    const snapshot = await queue.get(identity.id);
    if (snapshot === undefined) return { identity };
    const { job, status, terminal } = snapshot;
    const { body_hash, background } = responseJob(job);
    if (body_hash !== identity.bodyHash) throw usedBefore();
    const asItIs = { identity, before: { job, joined: false } };
    const isFinal = terminal !== undefined && status !== 'cancelled';
    if (isFinal || background || run === mostRuns) return asItIs;
    if (terminal === undefined && (await joinReaders(records, job.id)))
      return { identity, before: { job, joined: true } };
    if (terminal !== undefined && !isLost(await readersOf(records, job.id))) return asItIs;
    identity = identity.again();
  }
}

/** @returns false if everyone who waited for the response was lost: it is being cancelled */
export async function joinReaders(records: RecordStore, id: string): Promise<boolean> {
  const readers = await changeReaders(records, id, (before) =>
    isLost(before) ? undefined : { ...before, waiting: before.waiting + 1 },
  );
  return !isLost(readers);
}

/**
 * Cancels a response whose client has disconnected, unless another request with its Idempotency-Key waits for it. To be called once for each
 * request. A failure is logged; the response then runs to its end.
 */
export function leaveResponse(
  job: Job,
  { queue, records, log, keepOpen }: Pick<ApiDependencies, 'queue' | 'records' | 'log' | 'keepOpen'>,
): void {
  const { id } = job;
  const leave = async () => {
    if (isRepeatable(job)) {
      const { waiting } = await changeReaders(records, id, (before) => ({
        ...before,
        waiting: Math.max(0, before.waiting - 1),
      }));
      if (waiting > 0) return;
    }
    log.info({ response_id: id }, 'client gone, response cancelled');
    await queue.control(id, 'cancel');
  };
  const left = leave().catch((error: unknown) => log.error({ err: error, response_id: id }, 'cancel failed'));
  keepOpen?.(left);
}

/** Notes that a client cancels the response: then its cancellation is the answer to its Idempotency-Key. */
export async function noteCancel(records: RecordStore, job: Job): Promise<void> {
  if (isRepeatable(job)) await changeReaders(records, job.id, (before) => ({ ...before, cancelled: true }));
}

/** Removes what is kept about the readers of responses that are gone. */
export async function forgetReaders(records: RecordStore, responses: readonly { id: string }[]): Promise<void> {
  for (const { id } of responses) await records.remove(recordOf(id));
}

async function readersOf(records: RecordStore, id: string): Promise<Readers> {
  const stored = await records.get(recordOf(id));
  return stored === undefined ? onlyFirst : Readers.parse(stored);
}

/** @returns the readers after the change */
async function changeReaders(
  records: RecordStore,
  id: string,
  change: (before: Readers) => Readers | undefined,
): Promise<Readers> {
  let readers = onlyFirst;
  await records.update(recordOf(id), (stored) => {
    const before = stored === undefined ? onlyFirst : Readers.parse(stored);
    const after = change(before);
    readers = after ?? before;
    return after;
  });
  return readers;
}

function isLost({ waiting, cancelled }: Readers): boolean {
  return waiting === 0 && !cancelled;
}

/** Only a request with an Idempotency-Key can be repeated. A background response is not cancelled when its client disconnects. */
function isRepeatable(job: Job): boolean {
  const { body_hash, background } = responseJob(job);
  return body_hash !== undefined && !background;
}
