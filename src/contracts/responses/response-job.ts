import { z } from 'zod';
import { KeyScopes } from '../service/key-scopes.ts';
import { Constraint } from './constraint.ts';
import { Check, CreateResponse } from './create-response.ts';
import { InputItem } from './input-item.ts';
import type { Job } from './job.ts';
import { Prompt } from './prompt.ts';
import { EffectiveReasoning } from './reasoning.ts';
import { Warning } from './response.ts';

/** How tools may be called. `constraint`: a call as JSON text, for a model that is made to call one. */
export const ToolCalls = z.object({
  choice: z.enum(['none', 'auto', 'required']),
  parallel: z.boolean(),
  constraint: Constraint.optional(),
  /** By the name that the model knows: tools that the caller knows otherwise, in a namespace or as ones that take free text. */
  called: z
    .record(
      z.string(),
      z.object({ type: z.enum(['function', 'custom']), name: z.string(), namespace: z.string().optional() }),
    )
    .optional(),
});
export type ToolCalls = z.infer<typeof ToolCalls>;

/** The typed `body` of a `Job`: an accepted request with every default filled in, so that the worker decides nothing. */
export const ResponseJob = z.object({
  /** Payload version: a newer worker reads the older ones. */
  version: z.literal(1),
  /** As accepted; fields that we don't know are gone. */
  request: CreateResponse,
  /**
   * Items that stand before the request's own input, of the conversation or the earlier responses, in jobs of a version that
   * copied them. Now they are read where they are: from the responses before it, or from its conversation.
   */
  context: z.array(InputItem).optional(),
  /** How many items the conversation had then. */
  context_items: z.int().nonnegative().optional(),
  /** The entry of the conversation that its context ends with; null: it is the first. Absent in jobs of earlier versions. */
  context_entry: z.int().nonnegative().nullable().optional(),
  /** What the input's references point at. */
  referenced: z.array(InputItem).optional(),
  /** Of the body that an idempotency key came with. */
  body_hash: z.string().optional(),
  /** Instructions and input, flattened to turns. */
  prompt: Prompt,
  /** Tokens of the rendered prompt. */
  input_tokens: z.int().nonnegative(),
  /** `budget_tokens` 0: answer fast. */
  effective: EffectiveReasoning,
  /** Those that the request names, beside the level's own unless it says `checks_only`; null: it names none. */
  checks: z.array(Check).nullable(),
  answer: z.object({
    /** Visible tokens (and tool calls) at most. */
    max_tokens: z.int().positive(),
    stop: z.array(z.string()),
    constraint: Constraint.optional(),
    /** 0 to 20 alternatives; absent: no log-probabilities. */
    top_logprobs: z.int().min(0).max(20).optional(),
  }),
  /** Absent: no tools. */
  tool_calls: ToolCalls.optional(),
  sampling: z.object({
    /** Null: the caller named none; the effort table says how chains are drawn then. */
    temperature: z.number().nullable(),
    top_p: z.number().optional(),
    top_k: z.int().optional(),
    min_p: z.number().optional(),
    presence_penalty: z.number().optional(),
    frequency_penalty: z.number().optional(),
    logit_bias: z.record(z.string(), z.number()).optional(),
    seed: z.int().optional(),
  }),
  /** What the response says of its sampling, defaults filled in. Absent in jobs of earlier versions. */
  sampling_in_effect: z.object({ temperature: z.number(), top_p: z.number() }).optional(),
  deterministic: z.boolean(),
  /** Epoch ms at which the response ends, its answer included. */
  deadline_at: z.number().nullable(),
  background: z.boolean(),
  /** Null: no reasoning item with a summary. */
  summary: z.enum(['auto', 'concise', 'detailed']).nullable(),
  include: z.object({ reasoning_text: z.boolean(), encrypted_content: z.boolean(), logprobs: z.boolean() }),
  scopes: KeyScopes,
  /** It came with a key. Absent in jobs of earlier versions. */
  keyed: z.literal(true).exactOptional(),
  warnings: z.array(Warning),
});
export type ResponseJob = z.infer<typeof ResponseJob>;

/** The body of a job, parsed. Throws a ZodError on a payload of another version. */
export function responseJob(job: Job): ResponseJob {
  return ResponseJob.parse(job.body);
}
