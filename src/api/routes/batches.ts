import { type Context, Hono } from 'hono';
import {
  type Batch,
  type BatchEndpoint,
  type BatchList,
  BatchListQuery,
  type BatchRecord,
  type BatchRequest,
  CreateBatch,
} from '../../contracts/batch.ts';
import { ServiceError } from '../../contracts/service-error.ts';
import { createAdmission } from '../admission.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { asServiceError, errorEnvelope } from '../on-error.ts';
import { parseQuery } from '../parse-query.ts';
import { readJson } from '../read-json.ts';
import { conflict } from '../resolve-reasoning.ts';
import { mostRequests, parseRequest, readBatchInput, repeated } from '../translations/batch-input.ts';
import { createBatchRecords } from '../translations/batch-records.ts';
import { batchJob } from '../translations/batch-requests.ts';
import { batchView } from '../translations/batch-view.ts';
import { pageOf } from '../translations/page-of.ts';
import { createTranslatedRuns } from '../translations/translated-runs.ts';
import { validationError } from '../validation-error.ts';

type ApiContext = Context<ApiEnvironment>;

/** `/v1/batches`: many requests at low priority. Each is a response like any other; the batch only names them. */
export function createBatchesRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const { queue, records, limits, log, now, newId } = dependencies;
  const store = createBatchRecords(records);
  const runs = createTranslatedRuns(dependencies);
  const admission = createAdmission(dependencies);
  const routes = new Hono<ApiEnvironment>();

  routes.post('/', async (c) => {
    const body = await readJson(c.req, limits);
    const parsed = CreateBatch.safeParse(body);
    if (!parsed.success) throw validationError(parsed.error, body);
    const { endpoint } = parsed.data;
    const { requests, errors } = await inputOf(c, parsed.data);
    const id = `batch_${newId()}`;
    const record: BatchRecord = {
      id,
      owner: c.get('caller').owner,
      endpoint,
      input_file_id: parsed.data.input_file_id ?? '',
      created_at: Math.floor(now() / 1000),
      cancelled_at: null,
      metadata: parsed.data.metadata ?? {},
      errors,
      requests: errors.length > 0 ? [] : await start(c, { requests, endpoint, id }),
    };
    await store.saveBatch(record);
    log.info({ request_id: c.get('requestId'), batch_id: id, requests: record.requests.length }, 'batch accepted');
    return c.json((await batchView(queue, record)) satisfies Batch);
  });

  routes.get('/', async (c) => {
    const page = pageOf(await store.batches(c.get('caller')), parseQuery(BatchListQuery, c.req));
    const data: Batch[] = [];
    for (const record of page.data) data.push(await batchView(queue, record));
    const ids = { first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
    return c.json({ object: 'list', data, ...ids, has_more: page.hasMore } satisfies BatchList);
  });

  routes.get('/:id', async (c) => {
    const record = await store.batch(c.req.param('id'), c.get('caller'));
    return c.json((await batchView(queue, record)) satisfies Batch);
  });

  routes.post('/:id/cancel', async (c) => {
    const record = await store.batch(c.req.param('id'), c.get('caller'));
    const view = await batchView(queue, record);
    if (view.status !== 'in_progress') return c.json(view satisfies Batch);
    const cancelled = { ...record, cancelled_at: Math.floor(now() / 1000) };
    await store.saveBatch(cancelled);
    for (const { response_id } of record.requests) {
      if (response_id !== null) await queue.control(response_id, 'cancel');
    }
    return c.json((await batchView(queue, cancelled)) satisfies Batch);
  });

  return routes;

  async function inputOf(c: ApiContext, batch: CreateBatch): Promise<ReturnType<typeof readBatchInput>> {
    const { endpoint, input_file_id: file, requests } = batch;
    if (file && requests) throw conflict('input_file_id', 'requests');
    if (file) {
      await store.file(file, c.get('caller'), 'input_file_id');
      return readBatchInput(await store.content(file), endpoint);
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
      const message = `Invalid 'requests': expected at most ${mostRequests}.`;
      throw new ServiceError({ code: 'invalid_value', message, param: 'requests' });
    }
    const checked = requests.map((request) => parseRequest(request, endpoint));
    return { requests: checked, errors: repeated(checked) };
  }

  /** Queues each; one that is refused is an error of its own, and stops no other. */
  async function start(
    c: ApiContext,
    { requests, endpoint, id }: { requests: readonly BatchRequest[]; endpoint: BatchEndpoint; id: string },
  ): Promise<BatchRecord['requests']> {
    const started: BatchRecord['requests'] = [];
    for (const [index, { custom_id, body }] of requests.entries()) {
      const response_id = `resp_${id.replace(/^batch_/, '')}_${index}`;
      try {
        await admission.add(c, await batchJob(c, runs, { endpoint, body, id: response_id }), { batch: true });
        started.push({ custom_id, response_id, error: null });
      } catch (error) {
        const fault = asServiceError(error);
        if (fault.status >= 500) throw error;
        started.push({ custom_id, response_id: null, error: { status: fault.status, body: errorEnvelope(fault) } });
      }
    }
    return started;
  }
}
