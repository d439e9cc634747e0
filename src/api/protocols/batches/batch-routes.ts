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
import { createBatchRuns } from './batch-runs.ts';
import { batchView } from './batch-view.ts';

/** Batches of one page: each that still runs is counted through its responses. */
const mostShown = 20;

type ApiContext = Context<ApiEnvironment>;

const described = describeRoutes({
  createBatch: {
    summary: 'Many requests at low priority, from a file or inline',
    body: CreateBatch,
    answer: Batch,
    errors: [400, 404, 413, 415, 429],
  },
  listBatches: {
    summary: 'Batches, newest first',
    query: BatchListQuery,
    answer: BatchList,
    errors: [400],
  },
  retrieveBatch: {
    summary: 'A batch as its responses stand',
    answer: Batch,
    errors: [404],
  },
  cancelBatch: {
    summary: 'Cancels what has not ended; a batch that has ended comes back as it is',
    answer: Batch,
    errors: [404],
  },
});

/** `/v1/batches`: many requests at low priority. Each is a response like any other; the batch only names them. */
export function createBatchesRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const { limits } = dependencies;
  const batches = createBatchRuns(dependencies);
  const { store } = batches;
  const routes = new Hono<ApiEnvironment>();

  routes.post('/', described.createBatch, async (c) => {
    const asked = parseBody(CreateBatch, await readJson(c.req, limits));
    const { endpoint } = asked;
    const { requests, errors } = await inputOf(c, asked);
    const { input_file_id, metadata } = asked;
    const batch = await batches.create(c, {
      endpoint,
      requests,
      errors,
      input_file_id: input_file_id ?? '',
      metadata: metadata ?? {},
    });
    return c.json((await view(batch)) satisfies Batch);
  });

  routes.get('/', described.listBatches, async (c) => {
    const { after, limit = mostShown } = parseQuery(BatchListQuery, c.req);
    const page = await store.batches(c.get('caller'), { after, limit: Math.min(limit, mostShown) });
    const data: Batch[] = [];
    for (const record of page.data) data.push(await view(record, c.req.raw.signal));
    return c.json(listOf(data, page) satisfies BatchList);
  });

  routes.get('/:id', described.retrieveBatch, async (c) => {
    const record = await batches.find(c, c.req.param('id'));
    return c.json((await view(record)) satisfies Batch);
  });

  routes.post('/:id/cancel', described.cancelBatch, async (c) => {
    const record = await batches.find(c, c.req.param('id'));
    const before = await view(record);
    if (before.status !== 'in_progress') return c.json(before satisfies Batch);
    const cancelled = await batches.cancel(record);
    return c.json((await view(cancelled)) satisfies Batch);
  });

  return routes;

  async function view(record: BatchRecord, signal?: AbortSignal): Promise<Batch> {
    return batchView(record, await batches.counts(record, signal && { signal }));
  }

  async function inputOf(c: ApiContext, batch: CreateBatch): Promise<BatchInput> {
    const { endpoint, input_file_id: file, requests } = batch;
    if (file && requests) throw conflict('input_file_id', 'requests');
    if (file) {
      const { purpose } = await store.file(file, c.get('caller'), 'input_file_id');
      if (purpose !== 'batch') {
        throw invalidValue('input_file_id', "expected a file of purpose 'batch'");
      }
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
    if (requests.length > mostRequests) {
      throw invalidValue('requests', `expected at most ${mostRequests}`);
    }
    const checked = requests.map((request) => parseRequest(request, endpoint));
    return { requests: checked, errors: repeated(checked) };
  }
}
