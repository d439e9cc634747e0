import { z } from 'zod';
import { Metadata, oneGiven } from '../responses/create-response.ts';
import { whole } from '../service/query.ts';

/** OpenAI's files and batches: a JSONL of requests at low priority, results as JSONL. Times in epoch seconds. */

const count = z.int().nonnegative();

export const fileId = /^file-[\w-]{1,64}$/;
export const batchId = /^batch_[\w-]{1,64}$/;

export const FileObject = z.object({
  id: z.string(),
  object: z.literal('file'),
  bytes: count,
  created_at: count,
  filename: z.string(),
  purpose: z.enum(['batch', 'batch_output', 'user_data']),
  status: z.literal('processed'),
});
export type FileObject = z.infer<typeof FileObject>;

/** The form of `POST /v1/files`: input of a batch, or a file for `input_file`. */
export const FileUpload = z.object({ file: z.file(), purpose: z.enum(['batch', 'user_data']) });

export const FileRecord = FileObject.extend({ owner: z.string().nullable() });
export type FileRecord = z.infer<typeof FileRecord>;

export const FileList = z.object({ object: z.literal('list'), data: z.array(FileObject), has_more: z.boolean() });
export type FileList = z.infer<typeof FileList>;

export const DeletedFile = z.object({ id: z.string(), object: z.literal('file'), deleted: z.literal(true) });
export type DeletedFile = z.infer<typeof DeletedFile>;

const BatchEndpoint = z.enum(['/v1/responses', '/v1/chat/completions', '/v1/messages']);
export type BatchEndpoint = z.infer<typeof BatchEndpoint>;

/** One line of a batch's input. */
export const BatchRequest = z.object({
  custom_id: z.string().min(1).max(256),
  method: z.literal('POST').default('POST'),
  url: BatchEndpoint.optional(),
  body: z.record(z.string(), z.unknown()),
});
export type BatchRequest = z.infer<typeof BatchRequest>;

/** The body of `POST /v1/batches`: a file that was uploaded, or (ours) the requests themselves. */
export const CreateBatch = z
  .object({
    endpoint: BatchEndpoint,
    input_file_id: z.string().regex(fileId, 'expected the id of a file').nullish(),
    requests: z.array(BatchRequest).min(1).nullish(),
    completion_window: z.literal('24h').optional(),
    metadata: Metadata.nullish(),
  })
  .meta(oneGiven(['input_file_id', 'requests']));
export type CreateBatch = z.infer<typeof CreateBatch>;

const BatchError = z.object({
  code: z.string(),
  message: z.string(),
  param: z.string().nullable(),
  /** The line of the input, from 1. */
  line: z.int().nullable(),
});

const BatchStatus = z.enum(['failed', 'in_progress', 'completed', 'cancelling', 'cancelled']);

export const Batch = z.object({
  id: z.string(),
  object: z.literal('batch'),
  endpoint: z.string(),
  errors: z.object({ object: z.literal('list'), data: z.array(BatchError) }).nullable(),
  input_file_id: z.string(),
  completion_window: z.string(),
  status: BatchStatus,
  output_file_id: z.string().nullable(),
  error_file_id: z.string().nullable(),
  created_at: count,
  in_progress_at: count.nullable(),
  expires_at: count.nullable(),
  finalizing_at: count.nullable(),
  completed_at: count.nullable(),
  failed_at: count.nullable(),
  expired_at: count.nullable(),
  cancelling_at: count.nullable(),
  cancelled_at: count.nullable(),
  request_counts: z.object({ total: count, completed: count, failed: count }),
  metadata: Metadata,
});
export type Batch = z.infer<typeof Batch>;

export const BatchList = z.object({
  object: z.literal('list'),
  data: z.array(Batch),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});
export type BatchList = z.infer<typeof BatchList>;

/** `GET /v1/batches`, `GET /v1/files` */
export const BatchListQuery = z.object({ limit: whole(1, 100).optional(), after: z.string().max(80).optional() });

/** A batch as it is stored. Its progress follows from its responses until all of them have ended. */
export const BatchRecord = z.object({
  id: z.string(),
  owner: z.string().nullable(),
  endpoint: BatchEndpoint,
  input_file_id: z.string(),
  created_at: count,
  cancelled_at: count.nullable(),
  metadata: Metadata,
  errors: z.array(BatchError),
  /** Its requests are being queued; if that was interrupted, the next reader continues it. */
  starting: z.boolean().default(false),
  /**
   * Set when all have ended, so that nothing is counted again. `failed` includes `cancelled`; `last_at`: when the last
   * one ended, in epoch seconds.
   */
  ended: z.object({ completed: count, failed: count, cancelled: count.default(0), last_at: count }).optional(),
  requests: z.array(
    z.object({
      custom_id: z.string(),
      /** Null: refused, for the reason in `error`. */
      response_id: z.string().nullable(),
      error: z.object({ status: z.int(), body: z.record(z.string(), z.unknown()) }).nullable(),
    }),
  ),
});
export type BatchRecord = z.infer<typeof BatchRecord>;

/** One line of the results, or of the errors. */
export const BatchResult = z.object({
  id: z.string(),
  custom_id: z.string(),
  response: z
    .object({ status_code: z.int(), request_id: z.string(), body: z.record(z.string(), z.unknown()) })
    .nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type BatchResult = z.infer<typeof BatchResult>;
