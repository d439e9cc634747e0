import { z } from 'zod';
import { CreateResponse } from './create-response.ts';
import { CompactionItem } from './input-item.ts';
import { Warning } from './response.ts';
import { ResponseUsage } from './usage.ts';

/** `POST /v1/responses/compact` */
export const CompactRequest = z.object({
  model: z.string().min(1).max(256),
  input: CreateResponse.shape.input.nullish(),
  previous_response_id: CreateResponse.shape.previous_response_id,
  /** Accepted with a warning, because no model is called. */
  instructions: z.string().nullish(),
  prompt_cache_key: CreateResponse.shape.prompt_cache_key,
});

/** A shortened conversation to continue from: `output` is the start of the next request's `input`. */
export const Compaction = z.object({
  id: z.string(),
  object: z.literal('response.compaction'),
  /** Epoch seconds. */
  created_at: z.int(),
  output: z.array(CompactionItem.required({ id: true })),
  usage: ResponseUsage,
  warnings: z.array(Warning),
});
export type Compaction = z.infer<typeof Compaction>;
