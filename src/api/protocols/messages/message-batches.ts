import type { MessageError } from '../../../contracts/protocols/anthropic-message.ts';
import type { BatchRecord } from '../../../contracts/protocols/batch.ts';
import type { MessageBatch, MessageBatchResult } from '../../../contracts/protocols/message-batch.ts';
import { ErrorEnvelope } from '../../../contracts/service/error-envelope.ts';
import { ServiceError } from '../../../contracts/service/service-error.ts';
import type { JobQueue } from '../../../core/job-queue.ts';
import { type BatchCounts, isAnswer, isOver, responseOf } from '../batches/batch-view.ts';
import { messageOf } from './message-answer.ts';
import { messageError, typeOf } from './message-error.ts';

const dayMs = 86_400_000;

/** Their names of our batches, and back. */
export const messageBatchIdOf = (id: string): string => id.replace(/^batch_/, 'msgbatch_');
export const batchIdOf = (id: string): string => id.replace(/^msgbatch_/, 'batch_');

/** A batch in Anthropic's form. `origin`: the address that the caller knows the service by. */
export function messageBatch(record: BatchRecord, counts: BatchCounts, { origin }: { origin: string }): MessageBatch {
  const { completed, failed, cancelled } = counts;
  const over = isOver(record, counts);
  const id = messageBatchIdOf(record.id);
  return {
    id,
    type: 'message_batch',
    processing_status: over ? 'ended' : record.cancelled_at === null ? 'in_progress' : 'canceling',
    request_counts: {
      processing: record.requests.length - completed - failed,
      succeeded: completed,
      errored: failed - cancelled,
      canceled: cancelled,
      expired: 0,
    },
    created_at: iso(record.created_at),
    ended_at: over ? iso(Math.max(counts.last_at, record.created_at)) : null,
    expires_at: new Date(record.created_at * 1000 + dayMs).toISOString(),
    cancel_initiated_at: record.cancelled_at === null ? null : iso(record.cancelled_at),
    archived_at: null,
    results_url: over ? `${origin}/v1/messages/batches/${id}/results` : null,
  };
}

/** A line for each request that has ended, in the order of the requests. */
export async function* messageBatchResults(
  queue: Pick<JobQueue, 'get'>,
  record: BatchRecord,
): AsyncGenerator<MessageBatchResult, void, void> {
  for (const { custom_id, response_id, error } of record.requests) {
    const snapshot = response_id === null ? undefined : await queue.get(response_id);
    if (snapshot?.terminal === undefined) {
      if (snapshot !== undefined) continue;
      const errored = error === null ? gone(response_id ?? '') : refused(error);
      yield { custom_id, result: { type: 'errored', error: errored } };
      continue;
    }
    const response = responseOf(snapshot);
    if (isAnswer(response.status)) {
      const run = { job: snapshot.job, warnings: [], thoughts: 'none' as const };
      yield { custom_id, result: { type: 'succeeded', message: messageOf(run, { response, thoughts: [] }) } };
    } else if (response.status === 'cancelled') {
      yield { custom_id, result: { type: 'canceled' } };
    } else {
      const message = response.error?.message ?? 'The response failed.';
      const fault = new ServiceError({ code: 'server_error', message });
      yield { custom_id, result: { type: 'errored', error: messageError(fault, response.id) } };
    }
  }
}

/** As it was kept when it was refused: with OpenAI's envelope. */
function refused({ status, body }: NonNullable<BatchRecord['requests'][number]['error']>): MessageError {
  const { error } = ErrorEnvelope.parse(body);
  return { type: 'error', error: { type: typeOf(status), message: error.message }, request_id: '' };
}

function gone(id: string): MessageError {
  const message = 'The response was deleted or has expired.';
  return messageError(new ServiceError({ code: 'not_found', message }), id);
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
