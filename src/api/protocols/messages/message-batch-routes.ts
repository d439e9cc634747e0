import { type Context, Hono } from 'hono';
import { MessageError } from '../../../contracts/protocols/anthropic-message.ts';
import type { BatchRecord } from '../../../contracts/protocols/batch.ts';
import {
  CreateMessageBatch,
  DeletedMessageBatch,
  MessageBatch,
  MessageBatchList,
  MessageBatchQuery,
  MessageBatchResult,
} from '../../../contracts/protocols/message-batch.ts';
import { invalidValue, ServiceError } from '../../../contracts/service/service-error.ts';
import type { ApiDependencies, ApiEnvironment } from '../../dependencies.ts';
import { lineStream } from '../../event-stream.ts';
import { describeRoutes } from '../../openapi/describe-routes.ts';
import { parseQuery, readJson } from '../../read-request.ts';
import { parseBody } from '../../validation-error.ts';
import { mostRequests, repeated } from '../batches/batch-input.ts';
import { type BatchRuns, createBatchRuns } from '../batches/batch-runs.ts';
import { batchIdOf, messageBatch, messageBatchIdOf, messageBatchResults } from './message-batches.ts';

type ApiContext = Context<ApiEnvironment>;

/** Batches of one page: each that still runs is counted through its responses. */
const mostShown = 20;

const described = describeRoutes({
  createMessageBatch: {
    summary: 'Creates a batch of message requests, which run at low priority; each is a response like any other',
    body: CreateMessageBatch,
    answer: MessageBatch,
    error: MessageError,
    errors: [400, 409, 413, 415, 429],
  },
  listMessageBatches: {
    summary: 'Lists batches of messages, newest first',
    query: MessageBatchQuery,
    answer: MessageBatchList,
    error: MessageError,
    errors: [400],
  },
  retrieveMessageBatch: {
    summary: 'Returns a batch of messages with its current counts',
    answer: MessageBatch,
    error: MessageError,
    errors: [404],
  },
  cancelMessageBatch: {
    summary: 'Cancels the requests that have not ended; a batch that has ended is returned as it is',
    answer: MessageBatch,
    error: MessageError,
    errors: [404],
  },
  deleteMessageBatch: {
    summary: 'Deletes a batch that has ended; its responses stay',
    answer: DeletedMessageBatch,
    error: MessageError,
    errors: [404, 409],
  },
  messageBatchResults: {
    summary: 'Returns the results of a batch that has ended, one line for each request',
    answer: MessageBatchResult,
    mediaType: 'application/x-jsonl',
    error: MessageError,
    errors: [404, 409],
  },
});

type Parts = ApiDependencies & { batches: BatchRuns };

/** `/v1/messages/batches`: Anthropic's form of the batches of messages, which `/v1/batches` shows as well. */
export function createMessageBatchesRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const parts: Parts = { ...dependencies, batches: createBatchRuns(dependencies) };
  const routes = new Hono<ApiEnvironment>();
  routes.post('/', described.createMessageBatch, (c) => create(c, parts));
  routes.get('/', described.listMessageBatches, (c) => list(c, parts));
  routes.get('/:id', described.retrieveMessageBatch, async (c) =>
    c.json((await view(c, await find(c, c.req.param('id'), parts), parts)) satisfies MessageBatch),
  );
  routes.post('/:id/cancel', described.cancelMessageBatch, (c) => cancel(c, c.req.param('id'), parts));
  routes.delete('/:id', described.deleteMessageBatch, (c) => remove(c, c.req.param('id'), parts));
  routes.get('/:id/results', described.messageBatchResults, (c) => sendResults(c, c.req.param('id'), parts));
  return routes;
}

async function create(c: ApiContext, parts: Parts) {
  const asked = parseBody(CreateMessageBatch, await readJson(c.req, parts.limits));
  if (asked.requests.length > mostRequests) throw invalidValue('requests', `expected at most ${mostRequests}`);
  const requests = asked.requests.map(({ custom_id, params: body }) => ({
    custom_id,
    method: 'POST' as const,
    body,
  }));
  const [twice] = repeated(requests);
  if (twice) throw invalidValue('requests', `expected each custom_id once. ${twice.message}`);
  const plan = { endpoint: '/v1/messages' as const, input_file_id: '', metadata: {}, errors: [] };
  return c.json((await view(c, await parts.batches.create(c, { ...plan, requests }), parts)) satisfies MessageBatch);
}

async function list(c: ApiContext, parts: Parts) {
  const { after_id, limit = mostShown } = parseQuery(MessageBatchQuery, c.req);
  const after = after_id === undefined ? undefined : batchIdOf(after_id);
  const { store } = parts.batches;
  const page = await store.batches(c.get('caller'), { after, limit: Math.min(limit, mostShown) });
  const data: MessageBatch[] = [];
  for (const record of page.data) if (isOfMessages(record)) data.push(await view(c, record, parts));
  // Of the page as it is stored, which has batches of other endpoints as well.
  const ids = [page.data[0], page.data.at(-1)].map((record) => (record ? messageBatchIdOf(record.id) : null));
  const [first_id = null, last_id = null] = ids;
  return c.json({ data, first_id, last_id, has_more: page.hasMore } satisfies MessageBatchList);
}

async function cancel(c: ApiContext, id: string, parts: Parts) {
  const record = await find(c, id, parts);
  const before = await view(c, record, parts);
  if (before.processing_status !== 'in_progress') return c.json(before satisfies MessageBatch);
  return c.json((await view(c, await parts.batches.cancel(record), parts)) satisfies MessageBatch);
}

async function remove(c: ApiContext, id: string, parts: Parts) {
  await parts.batches.store.removeBatch(await findEnded(c, id, parts));
  return c.json({ id, type: 'message_batch_deleted' } satisfies DeletedMessageBatch);
}

async function sendResults(c: ApiContext, id: string, parts: Parts) {
  const lines = lineStream(messageBatchResults(parts.queue, await findEnded(c, id, parts)));
  return c.body(lines, 200, { 'content-type': 'application/x-jsonl' });
}

/** @throws ServiceError `not_found` unless it is a batch of messages */
async function find(c: ApiContext, id: string, { batches }: Parts): Promise<BatchRecord> {
  const record = /^msgbatch_/.test(id) ? await batches.find(c, batchIdOf(id)) : undefined;
  if (record !== undefined && isOfMessages(record)) return record;
  throw new ServiceError({ code: 'not_found', message: 'This message batch does not exist.', param: 'id' });
}

/** @throws ServiceError `not_found`, and `conflict` while the batch runs */
async function findEnded(c: ApiContext, id: string, parts: Parts): Promise<BatchRecord> {
  const record = await find(c, id, parts);
  if ((await view(c, record, parts)).processing_status === 'ended') return record;
  const message = 'The batch has not ended; wait until it has, or cancel it.';
  throw new ServiceError({ code: 'conflict', message, retryable: false });
}

async function view(c: ApiContext, record: BatchRecord, { batches }: Parts): Promise<MessageBatch> {
  const counts = await batches.counts(record, { signal: c.req.raw.signal });
  return messageBatch(record, counts, { origin: new URL(c.req.url).origin });
}

function isOfMessages({ endpoint }: BatchRecord): boolean {
  return endpoint === '/v1/messages';
}
