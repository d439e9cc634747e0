import type { Context } from 'hono';
import type { BatchRecord, BatchRequest } from '../../../contracts/protocols/batch.ts';
import { responseJob } from '../../../contracts/responses/response-job.ts';
import { joinConversation } from '../../conversations/conversations.ts';
import type { ApiDependencies, ApiEnvironment } from '../../dependencies.ts';
import { asServiceError, errorEnvelope } from '../../errors.ts';
import { creationOf } from '../../middleware/idempotency.ts';
import { type Admission, createAdmission } from '../../responses/admission.ts';
import { createStoredChats, removeChatCompletionsOf, type StoredChats } from '../chat-completions/stored-chats.ts';
import { createTranslatedRuns, type TranslatedRuns } from '../translated-runs.ts';
import { type BatchRecords, createBatchRecords } from './batch-records.ts';
import { batchJob } from './batch-requests.ts';
import { type BatchCounts, countEnded, isOver } from './batch-view.ts';

type ApiContext = Context<ApiEnvironment>;
type NewBatch = Pick<BatchRecord, 'endpoint' | 'input_file_id' | 'metadata' | 'errors'> & { requests: BatchRequest[] };

/** Batches as all APIs that have them start, find and cancel them. */
export type BatchRuns = {
  store: BatchRecords;
  /** With `errors` nothing is run. */
  create(c: ApiContext, batch: NewBatch): Promise<BatchRecord>;
  /** Resumes a start that broke off. @throws ServiceError `not_found` if it does not exist or belongs to another key */
  find(c: ApiContext, id: string): Promise<BatchRecord>;
  cancel(record: BatchRecord): Promise<BatchRecord>;
  /** The counts of a batch that has ended are stored, so its responses are not read again. */
  counts(record: BatchRecord, options?: { signal?: AbortSignal }): Promise<BatchCounts>;
};

type Parts = ApiDependencies & { store: BatchRecords; chats: StoredChats; runs: TranslatedRuns; admission: Admission };

export function createBatchRuns(dependencies: ApiDependencies): BatchRuns {
  const { queue, records, now } = dependencies;
  const store = createBatchRecords(records);
  const chats = createStoredChats(dependencies);
  const runs = createTranslatedRuns(dependencies);
  const parts: Parts = { ...dependencies, store, chats, runs, admission: createAdmission(dependencies) };
  return {
    store,
    create: (c, batch) => createBatch(c, batch, parts),
    find: async (c, id) => started(c, await store.batch(id, c.get('caller')), parts),
    async cancel(record) {
      const cancelled_at = Math.floor(now() / 1000);
      await store.changeBatch(record.id, (kept) => ({ ...kept, cancelled_at }));
      for (const { response_id } of record.requests) {
        if (response_id !== null) await queue.control(response_id, 'cancel');
      }
      return { ...record, cancelled_at };
    },
    async counts(record, options) {
      const ended = await countEnded(queue, record, options);
      if (record.ended === undefined && isOver(record, ended)) {
        await store.changeBatch(record.id, (kept) => ({ ...kept, ended }));
      }
      return ended;
    },
  };
}

async function createBatch(c: ApiContext, batch: NewBatch, parts: Parts): Promise<BatchRecord> {
  const { endpoint, input_file_id, metadata, errors, requests } = batch;
  const { store, log, now } = parts;
  const id = `batch_${creationOf(c, parts).makeId()}`;
  const planned = errors.length > 0 ? [] : requests;
  const record: BatchRecord = {
    id,
    owner: c.get('caller').owner,
    endpoint,
    input_file_id,
    created_at: Math.floor(now() / 1000),
    cancelled_at: null,
    metadata,
    errors,
    starting: planned.length > 0,
    requests: planned.map(({ custom_id }, index) => ({
      custom_id,
      response_id: responseId(id, index),
      error: null,
    })),
  };
  // Stored before anything is queued, so that a start that breaks off can be resumed.
  if (record.starting) await store.saveInput(id, planned);
  await store.saveBatch(record);
  const accepted = await startOrUndo(c, record, parts);
  log.info({ request_id: c.get('requestId'), batch_id: id, requests: accepted.requests.length }, 'batch accepted');
  return accepted;
}

/** As a whole or not at all, as far as the caller can see. */
async function startOrUndo(c: ApiContext, record: BatchRecord, parts: Parts): Promise<BatchRecord> {
  try {
    return await started(c, record, parts);
  } catch (error) {
    // If this fails as well, the record stays, and the batch is resumed when it is next read.
    await undo(c, record, parts).catch((fault: unknown) =>
      parts.log.error({ err: fault, batch_id: record.id }, 'batch not undone'),
    );
    throw error;
  }
}

async function undo(c: ApiContext, record: BatchRecord, { queue, records, store, admission }: Parts): Promise<void> {
  for (const { response_id } of record.requests) {
    if (response_id === null) continue;
    await queue.remove(response_id);
    await removeChatCompletionsOf(records, [{ id: response_id }]);
    await admission.release(c, response_id);
  }
  await store.removeBatch(record);
  await store.removeInput(record.id);
}

/**
 * Queues each request that isn't queued yet; one that is refused is an error of its own, and stops no other. A response's
 * id follows from its batch's, so what was queued before is not queued again.
 */
async function started(c: ApiContext, record: BatchRecord, parts: Parts): Promise<BatchRecord> {
  if (!record.starting) return record;
  const { store } = parts;
  const { id, endpoint } = record;
  const input = await store.input(id);
  // Another reader has finished it meanwhile.
  if (input.length === 0) return store.batch(id, c.get('caller'));
  const requests: BatchRecord['requests'] = [];
  for (const [index, { custom_id, body }] of input.entries()) {
    const response_id = responseId(id, index);
    const error = await queueRequest(c, { endpoint, body, id: response_id }, parts);
    requests.push({ custom_id, response_id: error === null ? response_id : null, error });
  }
  const whole = { ...record, requests, starting: false };
  await store.changeBatch(id, (kept) => ({ ...kept, requests, starting: false }));
  await store.removeInput(id);
  return whole;
}

/** Null, or why the request is refused. @throws ServiceError for a fault of the service */
async function queueRequest(
  c: ApiContext,
  request: { endpoint: BatchRecord['endpoint']; body: BatchRequest['body']; id: string },
  parts: Parts,
): Promise<BatchRecord['requests'][number]['error']> {
  const { runs, chats, admission } = parts;
  try {
    const job = await batchJob(c, runs, request);
    // Without warnings, as in the batch's results.
    if (isStoredChat(request.endpoint, request.body))
      await chats.save([{ job, warnings: [] }], responseJob(job).request.metadata ?? {});
    await admission.add(c, job, { batch: true });
    await joinConversation(parts, job);
    return null;
  } catch (error) {
    const fault = asServiceError(error);
    if (fault.status >= 500) throw error;
    return { status: fault.status, body: errorEnvelope(fault) };
  }
}

function isStoredChat(endpoint: BatchRecord['endpoint'], { store }: BatchRequest['body']): boolean {
  return endpoint === '/v1/chat/completions' && store === true;
}

function responseId(batch: string, index: number): string {
  return `resp_${batch.replace(/^batch_/, '')}_${index}`;
}
