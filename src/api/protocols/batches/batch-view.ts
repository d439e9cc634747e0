import type { Batch, BatchRecord, BatchResult } from '../../../contracts/protocols/batch.ts';
import type { JobSnapshot } from '../../../contracts/responses/job.ts';
import { TerminalEvent } from '../../../contracts/responses/response-event.ts';
import type { KeyScopes } from '../../../contracts/service/key-scopes.ts';
import type { JobQueue } from '../../../core/job-queue.ts';
import { visibleResponse } from '../../responses/response-view.ts';
import { batchAnswer } from './batch-requests.ts';

const outputFileOf = (id: string): string => id.replace(/^batch_/, 'file-out_');
const errorFileOf = (id: string): string => id.replace(/^batch_/, 'file-err_');

/** Responses that are looked at side by side. */
const atOnce = 32;

/** How many of a batch's requests have ended, and when the last did: epoch seconds. */
export type BatchCounts = NonNullable<BatchRecord['ended']>;

/** Counted once more unless all had ended; as far as it came, where nobody waits for it any more. */
export async function countEnded(
  queue: Pick<JobQueue, 'get'>,
  record: BatchRecord,
  { signal }: { signal?: AbortSignal } = {},
): Promise<BatchCounts> {
  if (record.ended !== undefined) return record.ended;
  const counts = { completed: 0, failed: 0, cancelled: 0, last_at: record.created_at };
  for (let from = 0; from < record.requests.length; from += atOnce) {
    if (signal?.aborted) break;
    const some = record.requests.slice(from, from + atOnce).map(async (request) => {
      const snapshot = request.response_id === null ? undefined : await queue.get(request.response_id);
      if (snapshot !== undefined && snapshot.terminal === undefined) return;
      // Not queued yet.
      if (snapshot === undefined && record.starting && request.error === null) return;
      const ended = snapshot === undefined ? undefined : responseOf(snapshot);
      counts[ended && isAnswer(ended.status) ? 'completed' : 'failed'] += 1;
      if (ended?.status === 'cancelled') counts.cancelled += 1;
      counts.last_at = Math.max(counts.last_at, ended?.completed_at ?? 0);
    });
    await Promise.all(some);
  }
  return counts;
}

/** Nothing of it is still to come. */
export function isOver({ requests, starting }: BatchRecord, { completed, failed }: BatchCounts): boolean {
  return !starting && completed + failed === requests.length;
}

/** Returns a batch with its current counts. */
export function batchView(record: BatchRecord, { last_at: last, completed, failed }: BatchCounts): Batch {
  const counts = { total: record.requests.length, completed, failed };
  const over = counts.completed + counts.failed === counts.total;
  const refused = record.errors.length > 0;
  const cancelled = record.cancelled_at;
  const status = refused
    ? 'failed'
    : cancelled === null
      ? over
        ? 'completed'
        : 'in_progress'
      : over
        ? 'cancelled'
        : 'cancelling';
  return {
    id: record.id,
    object: 'batch',
    endpoint: record.endpoint,
    errors: refused ? { object: 'list', data: record.errors } : null,
    input_file_id: record.input_file_id,
    completion_window: '24h',
    status,
    output_file_id: over && counts.completed > 0 ? outputFileOf(record.id) : null,
    error_file_id: over && counts.failed > 0 ? errorFileOf(record.id) : null,
    created_at: record.created_at,
    in_progress_at: refused ? null : record.created_at,
    expires_at: null,
    finalizing_at: null,
    completed_at: status === 'completed' ? last : null,
    failed_at: refused ? record.created_at : null,
    expired_at: null,
    cancelling_at: cancelled,
    cancelled_at: status === 'cancelled' ? Math.max(last, cancelled ?? 0) : null,
    request_counts: counts,
    metadata: record.metadata,
  };
}

/**
 * The lines of a batch's results, or of its errors: in the order of its requests, those that have ended. `scopes`: of the
 * caller, who may see so much of the thoughts.
 */
export async function* batchResults(
  queue: JobQueue,
  record: BatchRecord,
  { kind, scopes }: { kind: 'output' | 'errors'; scopes: Pick<KeyScopes, 'trace'> },
): AsyncGenerator<BatchResult, void, void> {
  for (const [index, request] of record.requests.entries()) {
    const { custom_id, response_id, error } = request;
    const id = `${record.id.replace(/^batch_/, 'batch_req_')}_${index}`;
    if (response_id === null) {
      const response = error && { status_code: error.status, request_id: id, body: error.body };
      if (kind === 'errors') yield { id, custom_id, response, error: null };
      continue;
    }
    const snapshot = await queue.get(response_id);
    if (snapshot?.terminal === undefined) {
      const gone = { code: 'not_found', message: 'The response was deleted or has expired.' };
      if (kind === 'errors' && snapshot === undefined) yield { id, custom_id, response: null, error: gone };
      continue;
    }
    const response = responseOf(snapshot);
    if (isAnswer(response.status)) {
      const body = batchAnswer(record.endpoint, snapshot.job, visibleResponse(response, scopes));
      if (kind === 'output') {
        yield { id, custom_id, response: { status_code: 200, request_id: response_id, body }, error: null };
      }
    } else if (kind === 'errors') {
      const message = response.error?.message ?? 'The response was cancelled.';
      yield { id, custom_id, response: null, error: { code: response.error?.code ?? 'cancelled', message } };
    }
  }
}

export function responseOf(snapshot: JobSnapshot) {
  return TerminalEvent.parse(snapshot.terminal?.data).response;
}

/** One that was cut short is an answer that says so. */
export function isAnswer(status: string): boolean {
  return status === 'completed' || status === 'incomplete';
}
