import { z } from 'zod';
import { JobStatus } from '../responses/job.ts';

/** A whole number in a query string, and no other text that JavaScript would convert to one. */
export const whole = (minimum: number, maximum: number) =>
  z
    .string()
    .regex(/^\d{1,16}$/, `expected a whole number from ${minimum} to ${maximum}`)
    .transform(Number)
    .pipe(z.int().min(minimum).max(maximum));

const flag = z
  .enum(['true', 'false', '1', '0'])
  .transform((text) => text === 'true' || text === '1')
  .pipe(z.boolean());

export const responseId = /^resp_[\w-]{1,64}$/;

/** `GET /v1/models` */
export const ModelsQuery = z.object({
  /** Sent by Codex. */
  client_version: z.string().max(64).optional(),
});

/** `GET /v1/responses/{id}` */
export const RetrieveQuery = z.object({
  /** Seconds to wait for the response to end. */
  wait: whole(0, 300).optional(),
  stream: flag.optional(),
  /** Whether deltas are padded; absent: as in the request that created the response. */
  include_obfuscation: flag.optional(),
  /** The last sequence number that the reader has. */
  starting_after: whole(0, Number.MAX_SAFE_INTEGER).optional(),
});

/** `GET /v1/responses` */
export const ListQueryString = z.object({
  status: JobStatus.optional(),
  limit: whole(1, 100).optional(),
  after: z.string().regex(responseId, 'expected the id of a response').optional(),
});

/** `GET /v1/responses/{id}/trace` */
export const TraceQuery = z.object({
  stream: flag.optional(),
  /** For a stream: only progress events, which any key may read. Their numbers have gaps. */
  only: z.literal('progress').optional(),
  starting_after: whole(0, Number.MAX_SAFE_INTEGER).optional(),
});
