import { type Context, Hono } from 'hono';
import { type Batch, type BatchList, BatchListQuery, type BatchRecord, CreateBatch } from '../../contracts/batch.ts';
import { ServiceError } from '../../contracts/service-error.ts';
import { createAdmission } from '../admission.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { asServiceError, errorEnvelope } from '../on-error.ts';
import { parseQuery } from '../parse-query.ts';
import { readJson } from '../read-json.ts';
import { conflict } from '../resolve-reasoning.ts';
import { type BatchInput, mostRequests, parseRequest, readBatchInput, repeated } from '../translations/batch-input.ts';
import { createBatchRecords } from '../translations/batch-records.ts';
import { batchJob } from '../translations/batch-requests.ts';
import { batchView, countEnded, isOver } from '../translations/batch-view.ts';
import { createTranslatedRuns } from '../translations/translated-runs.ts';
import { parseBody } from '../validation-error.ts';

/** Batches of one page: each that still runs is counted through its responses. */
const mostShown = 20;

type ApiContext = Context<ApiEnvironment>;

/** `/v1/batches`: many requests at low priority. Each is a response like any other; the batch only names them. */
export function createBatchesRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const { queue, records, limits, log, now, newId } = dependencies;
  const store = createBatchRecords(records);
  const runs = createTranslatedRuns(dependencies);
  const admission = createAdmission(dependencies);
  const routes = new Hono<ApiEnvironment>();

  routes.post('/', async (c) => {
    const asked = parseBody(CreateBatch, await readJson(c.req, limits));
    const { endpoint } = asked;
    const { requests, errors } = await inputOf(c, asked);
    const id = `batch_${c.get('newId')?.() ?? newId()}`;
    const planned = errors.length > 0 ? [] : requests;
    const record: BatchRecord = {
      id,
      owner: c.get('caller').owner,
      endpoint,
      input_file_id: asked.input_file_id ?? '',
      created_at: Math.floor(now() / 1000),
      cancelled_at: null,
      metadata: asked.metadata ?? {},
      errors,
      starting: planned.length > 0,
      requests: planned.map(({ custom_id }, index) => ({ custom_id, response_id: responseId(id, index), error: null })),
    };
    // Written down before anything is queued: a start that breaks off is gone on with.
    if (record.starting) await store.saveInput(id, planned);
    await store.saveBatch(record);
    const batch = await startOrUndo(c, record);
    log.info({ request_id: c.get('requestId'), batch_id: id, requests: batch.requests.length }, 'batch accepted');
    return c.json((await view(batch)) satisfies Batch);
  });

  routes.get('/', async (c) => {
    const { after, limit = mostShown } = parseQuery(BatchListQuery, c.req);
    const page = await store.batches(c.get('caller'), { after, limit: Math.min(limit, mostShown) });
    const data: Batch[] = [];
    for (const record of page.data) data.push(await view(record, c.req.raw.signal));
    const ids = { first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
    return c.json({ object: 'list', data, ...ids, has_more: page.hasMore } satisfies BatchList);
  });

  routes.get('/:id', async (c) => {
    const record = await started(c, await store.batch(c.req.param('id'), c.get('caller')));
    return c.json((await view(record)) satisfies Batch);
  });

  routes.post('/:id/cancel', async (c) => {
    const record = await started(c, await store.batch(c.req.param('id'), c.get('caller')));
    const before = await view(record);
    if (before.status !== 'in_progress') return c.json(before satisfies Batch);
    const cancelled = { ...record, cancelled_at: Math.floor(now() / 1000) };
    await store.changeBatch(record.id, (kept) => ({ ...kept, cancelled_at: cancelled.cancelled_at }));
    for (const { response_id } of record.requests) {
      if (response_id !== null) await queue.control(response_id, 'cancel');
    }
    return c.json((await view(cancelled)) satisfies Batch);
  });

  return routes;

  /** Of a batch that has ended the counts are kept: it is not gone through again. */
  async function view(record: BatchRecord, signal?: AbortSignal): Promise<Batch> {
    const ended = await countEnded(queue, record, signal && { signal });
    if (record.ended === undefined && isOver(record, ended)) {
      await store.changeBatch(record.id, (kept) => ({ ...kept, ended }));
    }
    return batchView(record, ended);
  }

  async function inputOf(c: ApiContext, batch: CreateBatch): Promise<BatchInput> {
    const { endpoint, input_file_id: file, requests } = batch;
    if (file && requests) throw conflict('input_file_id', 'requests');
    if (file) {
      await store.file(file, c.get('caller'), 'input_file_id');
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
      const message = `Invalid 'requests': expected at most ${mostRequests}.`;
      throw new ServiceError({ code: 'invalid_value', message, param: 'requests' });
    }
    const checked = requests.map((request) => parseRequest(request, endpoint));
    return { requests: checked, errors: repeated(checked) };
  }

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
        await admission.add(c, await batchJob(c, runs, { endpoint, body, id: response_id }), { batch: true });
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

function responseId(batch: string, index: number): string {
  return `resp_${batch.replace(/^batch_/, '')}_${index}`;
}
