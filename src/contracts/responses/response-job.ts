import { z } from 'zod';
import { KeyScopes } from '../service/key-scopes.ts';
import { Constraint } from './constraint.ts';
import { Check, CreateResponse } from './create-response.ts';
import { InputItem } from './input-item.ts';
import type { Job } from './job.ts';
import { Prompt, ToolCall } from './prompt.ts';
import { EffectiveReasoning } from './reasoning.ts';
import { Warning } from './response.ts';
import { ServerToolParam } from './tool-param.ts';

/** How tools may be called. `constraint`: a call as JSON text, if the model must call a tool. */
export const ToolCalls = z.object({
  choice: z.enum(['none', 'auto', 'required']),
  parallel: z.boolean(),
  constraint: Constraint.optional(),
  /**
   * By the name that the model uses: tools with another name for the caller, those in a namespace or with free text.
   */
  called: z
    .record(
      z.string(),
      z.object({ type: z.enum(['function', 'custom']), name: z.string(), namespace: z.string().optional() }),
    )
    .optional(),
});
export type ToolCalls = z.infer<typeof ToolCalls>;

/**
 * The typed `body` of a `Job`: an accepted request with all defaults filled in, so that the worker makes no decisions.
 */
export const ResponseJob = z.object({
  /** Version of the payload: newer workers read older ones. */
  version: z.literal(1),
  /** As accepted, without unknown fields. */
  request: CreateResponse,
  /**
   * Items before the request's own input, from the conversation or the earlier responses, in jobs of a version that
   * copied them. Now they are read from the earlier responses or the conversation.
   */
  context: z.array(InputItem).optional(),
  /** How many items the conversation had at that time. */
  context_items: z.int().nonnegative().optional(),
  /**
   * The last entry of the conversation that belongs to its context; null: there is none before it. Absent in jobs of
   * earlier versions.
   */
  context_entry: z.int().nonnegative().nullable().optional(),
  /** The items that the input refers to. */
  referenced: z.array(InputItem).optional(),
  /** Hash of the body that an idempotency key came with. */
  body_hash: z.string().optional(),
  /** The response that it takes the place of: that one was cancelled because its client's connection was lost, and the request was repeated. */
  replaces: z.string().exactOptional(),
  /** Instructions and input as turns. */
  prompt: Prompt,
  /** Tokens of the rendered prompt. */
  input_tokens: z.int().nonnegative(),
  /** `budget_tokens` 0: answer fast. */
  effective: EffectiveReasoning,
  /** The request's checks, in addition to those of the level unless it has `checks_only`; null: it names none. */
  checks: z.array(Check).nullable(),
  answer: z.object({
    /** The most visible tokens (and tool calls). */
    max_tokens: z.int().positive(),
    stop: z.array(z.string()),
    constraint: Constraint.optional(),
    /** 0 to 20 alternatives; absent: no log-probabilities. */
    top_logprobs: z.int().min(0).max(20).optional(),
  }),
  /** Absent: no tools. */
  tool_calls: ToolCalls.optional(),
  /** Tools of the request that the service runs itself. `sealed`: what the entry had of secrets, as `ToolSecrets`. */
  server_tools: z.array(z.object({ tool: ServerToolParam, sealed: z.string().exactOptional() })).optional(),
  /** Calls of an earlier response that the request approves: the prompt has them without a result. */
  approved_calls: z.array(ToolCall).optional(),
  sampling: z.object({
    /** Null: the caller gave none; then the effort table determines how chains are sampled. */
    temperature: z.number().nullable(),
    top_p: z.number().optional(),
    top_k: z.int().optional(),
    min_p: z.number().optional(),
    presence_penalty: z.number().optional(),
    frequency_penalty: z.number().optional(),
    logit_bias: z.record(z.string(), z.number()).optional(),
    seed: z.int().optional(),
  }),
  /** The sampling settings that the response shows, with defaults. Absent in jobs of earlier versions. */
  sampling_in_effect: z.object({ temperature: z.number(), top_p: z.number() }).optional(),
  deterministic: z.boolean(),
  /** Epoch ms by which the response must end, including its answer. */
  deadline_at: z.number().nullable(),
  background: z.boolean(),
  /** Null: no reasoning item with a summary. */
  summary: z.enum(['auto', 'concise', 'detailed']).nullable(),
  include: z.object({
    reasoning_text: z.boolean(),
    encrypted_content: z.boolean(),
    logprobs: z.boolean(),
    /** Of calls of `code_interpreter`. */
    tool_outputs: z.boolean().default(false),
  }),
  scopes: KeyScopes,
  /** It came with a key. Absent in jobs of earlier versions. */
  keyed: z.literal(true).exactOptional(),
  warnings: z.array(Warning),
});
export type ResponseJob = z.infer<typeof ResponseJob>;

/** Bodies that were parsed: each is read several times while a response is accepted and run. */
const parsed = new WeakMap<Job['body'], ResponseJob>();

/** The parsed body of a job, which must not be changed. Throws a ZodError for a payload of another version. */
export function responseJob({ body }: Job): ResponseJob {
  const known = parsed.get(body);
  if (known !== undefined) return known;
  const response = ResponseJob.parse(body);
  parsed.set(body, response);
  return response;
}

const Sealed = z.object({ server_tools: z.array(z.looseObject({ sealed: z.string().optional() })) });

/** A job without the secrets of its tools; undefined if it has none. */
export function withoutSealed(job: Job): Job | undefined {
  const { server_tools: tools } = Sealed.safeParse(job.body).data ?? { server_tools: [] };
  if (tools.every(({ sealed }) => sealed === undefined)) return undefined;
  return { ...job, body: { ...job.body, server_tools: tools.map(({ sealed: _, ...tool }) => tool) } };
}
