import type { Context } from 'hono';
import type { BatchRecord, BatchRequest } from '../../../contracts/protocols/batch.ts';
import { responseJob } from '../../../contracts/responses/response-job.ts';
import { joinConversation } from '../../conversations/conversations.ts';
import type { ApiDependencies, ApiEnvironment } from '../../dependencies.ts';
import { asServiceError, errorEnvelope } from '../../errors.ts';
import { createAdmission } from '../../responses/admission.ts';
import { createStoredChats, removeChatCompletionsOf } from '../chat-completions/stored-chats.ts';
import { createTranslatedRuns } from '../translated-runs.ts';
import { type BatchRecords, createBatchRecords } from './batch-records.ts';
import { batchJob } from './batch-requests.ts';
import { type BatchCounts, countEnded, isOver } from './batch-view.ts';

type ApiContext = Context<ApiEnvironment>;
type NewBatch = Pick<BatchRecord, 'endpoint' | 'input_file_id' | 'metadata' | 'errors'> & { requests: BatchRequest[] };

/** Batches as all APIs that have them start, find and cancel them. */
type BatchRuns = {
  store: BatchRecords;
  /** With `errors` nothing is run. */
  create(c: ApiContext, batch: NewBatch): Promise<BatchRecord>;
  /** A start that broke off is gone on with. @throws ServiceError `not_found` for another's as for none */
  find(c: ApiContext, id: string): Promise<BatchRecord>;
  cancel(record: BatchRecord): Promise<BatchRecord>;
  /** Of a batch that has ended the counts are kept: it is not gone through again. */
  counts(record: BatchRecord, options?: { signal?: AbortSignal }): Promise<BatchCounts>;
};

export function createBatchRuns(dependencies: ApiDependencies): BatchRuns {
  const { queue, records, log, now, newId } = dependencies;
  const store = createBatchRecords(records);
  const chats = createStoredChats(dependencies);
  const runs = createTranslatedRuns(dependencies);
  const admission = createAdmission(dependencies);

  return {
    store,
    async create(c, { endpoint, input_file_id, metadata, errors, requests }) {
      const id = `batch_${c.get('newId')?.() ?? newId()}`;
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
      // Written down before anything is queued: a start that breaks off is gone on with.
      if (record.starting) await store.saveInput(id, planned);
      await store.saveBatch(record);
      const batch = await startOrUndo(c, record);
      log.info({ request_id: c.get('requestId'), batch_id: id, requests: batch.requests.length }, 'batch accepted');
      return batch;
    },
    find: async (c, id) => started(c, await store.batch(id, c.get('caller'))),
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

  /** As a whole or not at all, as far as the caller can see. */
  async function startOrUndo(c: ApiContext, record: BatchRecord): Promise<BatchRecord> {
    try {
      return await started(c, record);
    } catch (error) {
      // Where this fails as well, the record stays, and the batch goes on when it is next asked for.
      await undo(c, record).catch((fault: unknown) =>
        log.error({ err: fault, batch_id: record.id }, 'batch not undone'),
      );
      throw error;
    }
  }

  async function undo(c: ApiContext, record: BatchRecord): Promise<void> {
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
  async function started(c: ApiContext, record: BatchRecord): Promise<BatchRecord> {
    if (!record.starting) return record;
    const { id, endpoint } = record;
    const input = await store.input(id);
    // Another reader has come to the end of it in the meantime.
    if (input.length === 0) return store.batch(id, c.get('caller'));
    const requests: BatchRecord['requests'] = [];
    for (const [index, { custom_id, body }] of input.entries()) {
      const response_id = responseId(id, index);
      try {
        const job = await batchJob(c, runs, { endpoint, body, id: response_id });
        // Warnings are none, as in the batch's results.
        if (isStoredChat(endpoint, body))
          await chats.save([{ job, warnings: [] }], responseJob(job).request.metadata ?? {});
        await admission.add(c, job, { batch: true });
        await joinConversation(dependencies, job);
        requests.push({ custom_id, response_id, error: null });
      } catch (error) {
        const fault = asServiceError(error);
        if (fault.status >= 500) throw error;
        requests.push({ custom_id, response_id: null, error: { status: fault.status, body: errorEnvelope(fault) } });
      }
    }
    const whole = { ...record, requests, starting: false };
    await store.changeBatch(id, (kept) => ({ ...kept, requests, starting: false }));
    await store.removeInput(id);
    return whole;
  }
}

function isStoredChat(endpoint: BatchRecord['endpoint'], { store }: BatchRequest['body']): boolean {
  return endpoint === '/v1/chat/completions' && store === true;
}

function responseId(batch: string, index: number): string {
  return `resp_${batch.replace(/^batch_/, '')}_${index}`;
}
