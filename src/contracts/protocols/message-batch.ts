import { z } from 'zod';
import { whole } from '../service/query.ts';
import { Message, MessageError } from './anthropic-message.ts';

/** Anthropic's message batches: `/v1/messages/batches`. Times in ISO 8601. */

const count = z.int().nonnegative();
const time = z.string();

/**
 * `params`, a body of `POST /v1/messages`, is checked when the batch runs; as in Anthropic's API, an invalid one is an
 * error of that request only.
 */
export const CreateMessageBatch = z.object({
  requests: z
    .array(
      z.object({
        custom_id: z.string().min(1).max(64),
        params: z.record(z.string(), z.unknown()),
      }),
    )
    .min(1),
});
export type CreateMessageBatch = z.infer<typeof CreateMessageBatch>;

export const MessageBatch = z.object({
  id: z.string(),
  type: z.literal('message_batch'),
  processing_status: z.enum(['in_progress', 'canceling', 'ended']),
  request_counts: z.object({
    processing: count,
    succeeded: count,
    errored: count,
    canceled: count,
    /** Requests of a batch wait until they run, so none expires. */
    expired: z.literal(0),
  }),
  created_at: time,
  ended_at: time.nullable(),
  /** Results are kept as long as responses; Anthropic's clients expect at most a day. */
  expires_at: time,
  cancel_initiated_at: time.nullable(),
  archived_at: z.null(),
  results_url: z.string().nullable(),
});
export type MessageBatch = z.infer<typeof MessageBatch>;

/** Newest first. */
export const MessageBatchList = z.object({
  data: z.array(MessageBatch),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});
export type MessageBatchList = z.infer<typeof MessageBatchList>;

export const MessageBatchQuery = z.object({
  limit: whole(1, 1000).optional(),
  after_id: z.string().max(80).optional(),
});

export const DeletedMessageBatch = z.object({ id: z.string(), type: z.literal('message_batch_deleted') });
export type DeletedMessageBatch = z.infer<typeof DeletedMessageBatch>;

/** One line of the results. */
export const MessageBatchResult = z.object({
  custom_id: z.string(),
  result: z.discriminatedUnion('type', [
    z.object({ type: z.literal('succeeded'), message: Message }),
    z.object({ type: z.literal('errored'), error: MessageError }),
    z.object({ type: z.literal('canceled') }),
  ]),
});
export type MessageBatchResult = z.infer<typeof MessageBatchResult>;
