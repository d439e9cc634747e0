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
import { createBatchRuns } from '../batches/batch-runs.ts';
import { batchIdOf, messageBatch, messageBatchIdOf, messageBatchResults } from './message-batches.ts';

type ApiContext = Context<ApiEnvironment>;

/** Batches of one page: each that still runs is counted through its responses. */
const mostShown = 20;

const described = describeRoutes({
  createMessageBatch: {
    summary: 'Many message requests at low priority; each is a response like any other',
    body: CreateMessageBatch,
    answer: MessageBatch,
    error: MessageError,
    errors: [400, 409, 413, 415, 429],
  },
  listMessageBatches: {
    summary: 'Batches of messages, newest first',
    query: MessageBatchQuery,
    answer: MessageBatchList,
    error: MessageError,
    errors: [400],
  },
  retrieveMessageBatch: {
    summary: 'A batch of messages as its responses stand',
    answer: MessageBatch,
    error: MessageError,
    errors: [404],
  },
  cancelMessageBatch: {
    summary: 'Cancels what has not ended; a batch that has ended comes back as it is',
    answer: MessageBatch,
    error: MessageError,
    errors: [404],
  },
  deleteMessageBatch: {
    summary: 'Removes a batch that has ended; its responses stay',
    answer: DeletedMessageBatch,
    error: MessageError,
    errors: [404, 409],
  },
  messageBatchResults: {
    summary: 'The results of a batch that has ended, a line for each request',
    answer: MessageBatchResult,
    mediaType: 'application/x-jsonl',
    error: MessageError,
    errors: [404, 409],
  },
});

/** `/v1/messages/batches`: Anthropic's form of the batches of messages, which `/v1/batches` shows as well. */
export function createMessageBatchesRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const { queue, limits } = dependencies;
  const batches = createBatchRuns(dependencies);
  const routes = new Hono<ApiEnvironment>();

  routes.post('/', described.createMessageBatch, async (c) => {
    const asked = parseBody(CreateMessageBatch, await readJson(c.req, limits));
    if (asked.requests.length > mostRequests) throw invalidValue('requests', `expected at most ${mostRequests}`);
    const requests = asked.requests.map(({ custom_id, params: body }) => ({
      custom_id,
      method: 'POST' as const,
      body,
    }));
    const [twice] = repeated(requests);
    if (twice) throw invalidValue('requests', `expected each custom_id once. ${twice.message}`);
    const plan = { endpoint: '/v1/messages' as const, input_file_id: '', metadata: {}, errors: [] };
    return c.json((await view(c, await batches.create(c, { ...plan, requests }))) satisfies MessageBatch);
  });

  routes.get('/', described.listMessageBatches, async (c) => {
    const { after_id, limit = mostShown } = parseQuery(MessageBatchQuery, c.req);
    const after = after_id === undefined ? undefined : batchIdOf(after_id);
    const page = await batches.store.batches(c.get('caller'), { after, limit: Math.min(limit, mostShown) });
    const data: MessageBatch[] = [];
    for (const record of page.data) if (isOfMessages(record)) data.push(await view(c, record));
    // Of the page as it is kept: batches of other endpoints stand on it as well.
    const ids = [page.data[0], page.data.at(-1)].map((record) => (record ? messageBatchIdOf(record.id) : null));
    const [first_id = null, last_id = null] = ids;
    return c.json({ data, first_id, last_id, has_more: page.hasMore } satisfies MessageBatchList);
  });

  routes.get('/:id', described.retrieveMessageBatch, async (c) =>
    c.json((await view(c, await find(c))) satisfies MessageBatch),
  );

  routes.post('/:id/cancel', described.cancelMessageBatch, async (c) => {
    const record = await find(c);
    const before = await view(c, record);
    if (before.processing_status !== 'in_progress') return c.json(before satisfies MessageBatch);
    return c.json((await view(c, await batches.cancel(record))) satisfies MessageBatch);
  });

  routes.delete('/:id', described.deleteMessageBatch, async (c) => {
    const record = await find(c);
    await ended(c, record);
    await batches.store.removeBatch(record);
    return c.json({ id: c.req.param('id'), type: 'message_batch_deleted' } satisfies DeletedMessageBatch);
  });

  routes.get('/:id/results', described.messageBatchResults, async (c) => {
    const record = await find(c);
    await ended(c, record);
    const lines = lineStream(messageBatchResults(queue, record));
    return c.body(lines, 200, { 'content-type': 'application/x-jsonl' });
  });

  return routes;

  /** @throws ServiceError `not_found` for what is no batch of messages */
  async function find(c: ApiContext): Promise<BatchRecord> {
    const id = c.req.param('id') ?? '';
    const record = /^msgbatch_/.test(id) ? await batches.find(c, batchIdOf(id)) : undefined;
    if (record !== undefined && isOfMessages(record)) return record;
    throw new ServiceError({ code: 'not_found', message: 'This message batch does not exist.', param: 'id' });
  }

  async function view(c: ApiContext, record: BatchRecord): Promise<MessageBatch> {
    const counts = await batches.counts(record, { signal: c.req.raw.signal });
    return messageBatch(record, counts, { origin: new URL(c.req.url).origin });
  }

  /** @throws ServiceError `conflict` while it runs */
  async function ended(c: ApiContext, record: BatchRecord): Promise<void> {
    if ((await view(c, record)).processing_status === 'ended') return;
    const message = 'The batch has not ended; wait until it has, or cancel it.';
    throw new ServiceError({ code: 'conflict', message, retryable: false });
  }
}

function isOfMessages({ endpoint }: BatchRecord): boolean {
  return endpoint === '/v1/messages';
}
