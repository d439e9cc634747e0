import { setImmediate } from 'node:timers/promises';
import { type Context, Hono } from 'hono';
import {
  BatchListQuery,
  BatchResult,
  DeletedFile,
  FileList,
  FileObject,
  type FileRecord,
  FileUpload,
} from '../../contracts/protocols/batch.ts';
import { invalidValue, ServiceError } from '../../contracts/service/service-error.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { lineStream } from '../event-stream.ts';
import { creationOf } from '../middleware/idempotency.ts';
import { describeRoutes } from '../openapi/describe-routes.ts';
import { checkLineSizes } from '../protocols/batches/batch-input.ts';
import { type BatchRecords, createBatchRecords } from '../protocols/batches/batch-records.ts';
import { batchResults } from '../protocols/batches/batch-view.ts';
import { parseQuery, readBytes, readForm } from '../read-request.ts';

type ApiContext = Context<ApiEnvironment>;

/** An upload may be as large as this many bodies; each of its lines is at most one. */
const bodiesOfAFile = 16;
/** All files of a key may be as large as this many of the largest uploads: 256 MiB, unless a body may be larger. */
const uploadsOfAKey = 16;
const jsonl = { 'content-type': 'application/jsonl; charset=utf-8' };

const described = describeRoutes({
  uploadFile: {
    summary: 'Uploads a file, as a form: JSONL with requests for a batch, or a file for prompts (`user_data`)',
    body: FileUpload,
    bodyType: 'multipart/form-data',
    answer: FileObject,
    errors: [400, 413, 415],
  },
  listFiles: {
    summary: 'Lists uploaded files, newest first',
    query: BatchListQuery,
    answer: FileList,
    errors: [400],
  },
  retrieveFile: {
    summary: 'Returns one file',
    answer: FileObject,
    errors: [404],
  },
  deleteFile: {
    summary: 'Deletes an uploaded file',
    answer: DeletedFile,
    errors: [404],
  },
  fileContent: {
    summary: 'Returns the content of a file: the upload, or a batch’s results or errors, one per line',
    answer: BatchResult,
    mediaType: 'application/jsonl',
    otherTypes: ['application/octet-stream'],
    errors: [404],
  },
});

type Parts = ApiDependencies & { store: BatchRecords };

/** `/v1/files`: what batches read, and what they give. A batch's results are a file that is made when it is read. */
export function createFilesRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const parts: Parts = { ...dependencies, store: createBatchRecords(dependencies.records) };
  const routes = new Hono<ApiEnvironment>();
  routes.post('/', described.uploadFile, (c) => upload(c, parts));
  routes.get('/', described.listFiles, async (c) => {
    const page = await parts.store.files(c.get('caller'), parseQuery(BatchListQuery, c.req));
    return c.json({ object: 'list', data: page.data.map(shown), has_more: page.hasMore } satisfies FileList);
  });
  routes.get('/:id', described.retrieveFile, (c) => retrieve(c, c.req.param('id'), parts));
  routes.delete('/:id', described.deleteFile, async (c) => {
    const file = await parts.store.file(c.req.param('id'), c.get('caller'), 'id');
    await parts.store.removeFile(file);
    return c.json({ id: file.id, object: 'file', deleted: true } satisfies DeletedFile);
  });
  routes.get('/:id/content', described.fileContent, (c) => sendContent(c, c.req.param('id'), parts));
  return routes;
}

async function upload(c: ApiContext, parts: Parts) {
  const { limits, store } = parts;
  const type = c.req.header('content-type') ?? '';
  if (!type.startsWith('multipart/form-data')) {
    throw new ServiceError({ code: 'unsupported_media_type', message: 'Expected content-type multipart/form-data.' });
  }
  const form = await readForm(await readBytes(c.req, limits.bodyBytes * bodiesOfAFile), type);
  const file = form.get('file');
  const purpose = FileUpload.shape.purpose.safeParse(form.get('purpose')).data;
  if (purpose === undefined) throw invalidValue('purpose', "expected 'batch' or 'user_data'");
  if (!(file instanceof File)) throw invalidValue('file', 'expected a file');
  const bytes = new Uint8Array(await file.arrayBuffer());
  // Each of these steps takes a moment for 16 MB, so other requests get a turn in between.
  await setImmediate();
  if (purpose === 'batch') checkLineSizes(bytes, limits.bodyBytes);
  await setImmediate();
  const { makeId, at } = creationOf(c, parts);
  const record: FileRecord = {
    id: `file-${makeId()}`,
    object: 'file',
    bytes: file.size,
    created_at: Math.floor(at / 1000),
    filename: file.name.slice(0, 256),
    purpose,
    status: 'processed',
    owner: c.get('caller').owner,
  };
  await store.saveFile(record, bytes, limits.bodyBytes * bodiesOfAFile * uploadsOfAKey);
  return c.json(shown(record) satisfies FileObject);
}

async function retrieve(c: ApiContext, id: string, { store }: Parts) {
  const results = resultsOf(id);
  if (!results) return c.json(shown(await store.file(id, c.get('caller'), 'id')) satisfies FileObject);
  const batch = await store.batch(results.batch, c.get('caller'));
  const filename = `${batch.id}_${results.kind}.jsonl`;
  const made = { id, object: 'file', bytes: 0, created_at: batch.created_at, filename } as const;
  return c.json({ ...made, purpose: 'batch_output', status: 'processed' } satisfies FileObject);
}

async function sendContent(c: ApiContext, id: string, { queue, store }: Parts) {
  const results = resultsOf(id);
  if (results) {
    const caller = c.get('caller');
    const batch = await store.batch(results.batch, caller);
    const lines = batchResults(queue, batch, { kind: results.kind, scopes: caller.scopes });
    return c.body(lineStream(lines), 200, jsonl);
  }
  const { purpose } = await store.file(id, c.get('caller'), 'id');
  const type = purpose === 'batch' ? jsonl : { 'content-type': 'application/octet-stream' };
  return c.body(await store.content(id), 200, type);
}

/** The batch whose results a file is. */
function resultsOf(id: string): { batch: string; kind: 'output' | 'errors' } | undefined {
  const [, kind, batch] = /^file-(out|err)_([\w-]{1,64})$/.exec(id) ?? [];
  return batch === undefined ? undefined : { batch: `batch_${batch}`, kind: kind === 'out' ? 'output' : 'errors' };
}

function shown({ owner: _owner, ...file }: FileRecord): FileObject {
  return file;
}
