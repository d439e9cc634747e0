import { type Context, Hono } from 'hono';
import { Batch, BatchList, BatchListQuery, type BatchRecord, CreateBatch } from '../../../contracts/protocols/batch.ts';
import { invalidValue, ServiceError } from '../../../contracts/service/service-error.ts';
import type { ApiDependencies, ApiEnvironment } from '../../dependencies.ts';
import { describeRoutes } from '../../openapi/describe-routes.ts';
import { listOf } from '../../pages.ts';
import { parseQuery, readJson } from '../../read-request.ts';
import { conflict } from '../../responses/resolve-reasoning.ts';
import { parseBody } from '../../validation-error.ts';
import { type BatchInput, mostRequests, parseRequest, readBatchInput, repeated } from './batch-input.ts';
import { type BatchRuns, createBatchRuns } from './batch-runs.ts';
import { batchView } from './batch-view.ts';

/** Batches of one page: each that still runs is counted through its responses. */
const mostShown = 20;

type ApiContext = Context<ApiEnvironment>;

const described = describeRoutes({
  createBatch: {
    summary: 'Creates a batch of requests, which run at low priority, from a file or inline',
    body: CreateBatch,
    answer: Batch,
    errors: [400, 404, 413, 415, 429],
  },
  listBatches: {
    summary: 'Lists batches, newest first',
    query: BatchListQuery,
    answer: BatchList,
    errors: [400],
  },
  retrieveBatch: {
    summary: 'Returns a batch with its current counts',
    answer: Batch,
    errors: [404],
  },
  cancelBatch: {
    summary: 'Cancels the requests that have not ended; a batch that has ended is returned as it is',
    answer: Batch,
    errors: [404],
  },
});

type Parts = ApiDependencies & { batches: BatchRuns };

/** `/v1/batches`: many requests at low priority. Each is a response like any other; the batch only names them. */
export function createBatchesRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const parts: Parts = { ...dependencies, batches: createBatchRuns(dependencies) };
  const routes = new Hono<ApiEnvironment>();
  routes.post('/', described.createBatch, (c) => create(c, parts));
  routes.get('/', described.listBatches, (c) => list(c, parts));
  routes.get('/:id', described.retrieveBatch, async (c) => {
    const record = await parts.batches.find(c, c.req.param('id'));
    return c.json((await view(record, parts)) satisfies Batch);
  });
  routes.post('/:id/cancel', described.cancelBatch, (c) => cancel(c, c.req.param('id'), parts));
  return routes;
}

async function create(c: ApiContext, parts: Parts) {
  const asked = parseBody(CreateBatch, await readJson(c.req, parts.limits));
  const { requests, errors } = await inputOf(c, asked, parts);
  const { endpoint, input_file_id, metadata } = asked;
  const batch = await parts.batches.create(c, {
    endpoint,
    requests,
    errors,
    input_file_id: input_file_id ?? '',
    metadata: metadata ?? {},
  });
  return c.json((await view(batch, parts)) satisfies Batch);
}

async function inputOf(c: ApiContext, batch: CreateBatch, { batches, limits }: Parts): Promise<BatchInput> {
  const { endpoint, input_file_id: file, requests } = batch;
  const { store } = batches;
  if (file && requests) throw conflict('input_file_id', 'requests');
  if (file) {
    const { purpose } = await store.file(file, c.get('caller'), 'input_file_id');
    if (purpose !== 'batch') throw invalidValue('input_file_id', "expected a file of purpose 'batch'");
    return readBatchInput(await store.content(file), { endpoint, limits, signal: c.req.raw.signal });
  }
  if (!requests) {
    const param = 'input_file_id';
    throw new ServiceError({
      code: 'missing_required_parameter',
      message: `Missing required parameter: '${param}'.`,
      param,
    });
  }
  if (requests.length > mostRequests) throw invalidValue('requests', `expected at most ${mostRequests}`);
  const checked = requests.map((request) => parseRequest(request, endpoint));
  return { requests: checked, errors: repeated(checked) };
}

async function list(c: ApiContext, parts: Parts) {
  const { after, limit = mostShown } = parseQuery(BatchListQuery, c.req);
  const page = await parts.batches.store.batches(c.get('caller'), { after, limit: Math.min(limit, mostShown) });
  const data: Batch[] = [];
  for (const record of page.data) data.push(await view(record, parts, c.req.raw.signal));
  return c.json(listOf(data, page) satisfies BatchList);
}

async function cancel(c: ApiContext, id: string, parts: Parts) {
  const record = await parts.batches.find(c, id);
  const before = await view(record, parts);
  if (before.status !== 'in_progress') return c.json(before satisfies Batch);
  return c.json((await view(await parts.batches.cancel(record), parts)) satisfies Batch);
}

async function view(record: BatchRecord, { batches }: Parts, signal?: AbortSignal): Promise<Batch> {
  return batchView(record, await batches.counts(record, signal && { signal }));
}
