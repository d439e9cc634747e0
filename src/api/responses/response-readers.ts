import { z } from 'zod';
import type { Job } from '../../contracts/responses/job.ts';
import { responseJob } from '../../contracts/responses/response-job.ts';
import type { JobQueue } from '../../core/job-queue.ts';
import type { RecordStore } from '../../core/record-store.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { type Identity, usedBefore } from '../middleware/idempotency.ts';

/**
 * The requests that wait for a response with an Idempotency-Key: the one that made it and those that repeat it. None: all of their
 * clients were lost. `cancelled`: a client has cancelled it, so no repetition runs again. `created_at`: of the response; after it is
 * deleted, another one may have its id.
 */
const Readers = z.object({ created_at: z.number(), waiting: z.int().nonnegative(), cancelled: z.boolean() });
type Readers = z.infer<typeof Readers>;

/** `readers:<response>`; goes with the response. */
export const readersPrefix = 'readers';
const recordOf = (id: string) => `${readersPrefix}:${id}`;

/** How often a key may run: each run is looked up. The last one's response is final. */
const mostRuns = 32;

/** `joined`: this request waits for the job as well, so the job is not cancelled before this client, too, has gone. */
export type Before = { job: Job; joined: boolean };

/**
 * The response that was made for this identity before, if there is one. A response that was cancelled, or is being cancelled, only
 * because its client's connection was lost does not count, nor does one that was repeated and ended after that: then `identity` is that
 * of the next run.
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
    if (background || run === mostRuns) return asItIs;
    const readers = terminal === undefined ? await joinReaders(records, job) : await readersOf(records, job);
    if (readers.waiting > 0) return { identity, before: { job, joined: terminal === undefined } };
    const next = identity.again();
    const isAnswer = readers.cancelled || (terminal !== undefined && status !== 'cancelled');
    if (isAnswer && (await queue.get(next.id)) === undefined) return asItIs;
    identity = next;
  }
}

/** Waits for the response as well, unless everyone who waited for it was lost: it is being cancelled then. */
function joinReaders(records: RecordStore, job: Job): Promise<Readers> {
  return changeReaders(records, job, (before) =>
    before.waiting === 0 ? undefined : { ...before, waiting: before.waiting + 1 },
  );
}

/**
 * Cancels a response whose client has disconnected, unless another request with its Idempotency-Key waits for it. To be called once for each
 * request. A failure is logged; the response then runs to its end.
 */
export function leaveResponse(
  job: Job,
  { queue, records, log, keepOpen }: Pick<ApiDependencies, 'queue' | 'records' | 'log' | 'keepOpen'>,
  because = 'client gone',
): void {
  const { id } = job;
  const leave = async () => {
    if (isRepeatable(job)) {
      const { waiting } = await changeReaders(records, job, (before) => ({
        ...before,
        waiting: Math.max(0, before.waiting - 1),
      }));
      if (waiting > 0) return;
    }
    log.info({ response_id: id }, `${because}, response cancelled`);
    await queue.control(id, 'cancel');
  };
  const left = leave().catch((error: unknown) => log.error({ err: error, response_id: id }, 'cancel failed'));
  keepOpen?.(left);
}

/** Notes that a client cancels the response: then its cancellation is the answer to its Idempotency-Key. */
export async function noteCancel(records: RecordStore, job: Job): Promise<void> {
  if (isRepeatable(job)) await changeReaders(records, job, (before) => ({ ...before, cancelled: true }));
}

/** Removes what is kept about the readers of responses that are gone. */
export async function forgetReaders(records: RecordStore, responses: readonly { id: string }[]): Promise<void> {
  for (const { id } of responses) await records.remove(recordOf(id));
}

async function readersOf(records: RecordStore, job: Job): Promise<Readers> {
  return parsed(await records.get(recordOf(job.id)), job);
}

/** Without a record, the request that made the response waits for it. */
function parsed(stored: unknown, { createdAt }: Job): Readers {
  const found = Readers.safeParse(stored).data;
  return found?.created_at === createdAt ? found : { created_at: createdAt, waiting: 1, cancelled: false };
}

/** @returns the readers after the change */
async function changeReaders(
  records: RecordStore,
  job: Job,
  change: (before: Readers) => Readers | undefined,
): Promise<Readers> {
  let readers = parsed(undefined, job);
  await records.update(recordOf(job.id), (stored) => {
    const before = parsed(stored, job);
    const after = change(before);
    readers = after ?? before;
    return after;
  });
  return readers;
}

/** Only a request with an Idempotency-Key can be repeated. A background response is not cancelled when its client disconnects. */
function isRepeatable(job: Job): boolean {
  const { body_hash, background } = responseJob(job);
  return body_hash !== undefined && !background;
}
