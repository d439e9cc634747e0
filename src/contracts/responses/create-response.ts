import { z } from 'zod';
import { ComputeRequest } from './compute.ts';
import { InputItem } from './input-item.ts';
import { Effort, Mode } from './reasoning.ts';
import { ToolChoiceParam, ToolParam } from './tool-param.ts';

/**
 * Rules about several fields as JSON Schema, so that the OpenAPI document shows what the parser refuses. For `.meta()`
 * of an object.
 */

/** At least one of these fields is present and not null. */
export function someGiven(names: readonly string[]): Record<string, unknown> {
  return { anyOf: names.map((name) => given(name)) };
}

/** Exactly one of these fields is present and not null. */
export function oneGiven(names: readonly string[]): Record<string, unknown> {
  return { oneOf: names.map((name) => given(name)) };
}

function given(name: string): Record<string, unknown> {
  return { required: [name], properties: { [name]: { not: { type: 'null' } } } };
}

/** Tokens. A larger number is a mistake. */
const MAX_TOKENS = 1_000_000;
const tokens = z.int().positive().max(MAX_TOKENS);

/** 16 pairs, keys up to 64 and values up to 512 characters, as in OpenAI's API. */
export const Metadata = z
  .record(z.string().min(1).max(64), z.string().max(512))
  .refine((pairs) => Object.keys(pairs).length <= 16, 'expected at most 16 pairs')
  .meta({ maxProperties: 16 });

export const Check = z.looseObject({ type: z.string().min(1) });
export type Check = z.infer<typeof Check>;

export const ReasoningRequest = z.object({
  effort: Effort.nullish(),
  summary: z.enum(['auto', 'concise', 'detailed']).nullish(),
  /** The older name of `summary`. */
  generate_summary: z.enum(['auto', 'concise', 'detailed']).nullish(),
  context: z.enum(['auto', 'current_turn', 'all_turns']).nullish(),
  /** Limit for sampled thinking tokens of the whole request; 0: none, -1: what the context allows. */
  budget_tokens: z.int().min(-1).max(MAX_TOKENS).nullish(),
  answer_reserve_tokens: tokens.nullish(),
  /** ms from acceptance. */
  deadline_ms: z.int().positive().max(86_400_000).nullish(),
  strategy: z.string().min(1).max(64).nullish(),
  /** The strategy's options, with the schema that `GET /v1/strategies` shows. */
  options: z.record(z.string(), z.unknown()).nullish(),
  samples: z.int().positive().max(64).nullish(),
  max_revisions: z.int().nonnegative().max(64).nullish(),
  /** In addition to those of the effort level. */
  checks: z.array(Check).max(16).nullish(),
  /** Whether the service computes values in thoughts and inserts them after their equals sign. */
  compute: ComputeRequest.nullish(),
  /** `checks` replaces the level's checks; if it names none, nothing is checked. */
  checks_only: z.boolean().nullish(),
});
export type ReasoningRequest = z.infer<typeof ReasoningRequest>;

export const TextFormat = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    name: z.string().min(1).max(64),
    schema: z.record(z.string(), z.unknown()),
    description: z.string().exactOptional(),
    strict: z.boolean().nullable().exactOptional(),
  }),
]);
export type TextFormat = z.infer<typeof TextFormat>;

export const TextRequest = z.object({
  format: TextFormat.optional(),
  verbosity: z.enum(['low', 'medium', 'high']).nullish(),
});

const Include = z.enum([
  'reasoning.encrypted_content',
  'reasoning.text',
  'message.output_text.logprobs',
  'message.input_image.image_url',
  'file_search_call.results',
  'web_search_call.results',
  'web_search_call.action.sources',
  'computer_call_output.output.image_url',
  'code_interpreter_call.outputs',
]);

const LogitBias = z
  .record(z.string().regex(/^\d{1,9}$/, 'expected the id of a token'), z.number().min(-100).max(100))
  .refine((bias) => Object.keys(bias).length <= 1024, 'expected at most 1024 tokens')
  .meta({ maxProperties: 1024 });

/**
 * The body of `POST /v1/responses`: OpenAI's fields, our own, and the other APIs' short forms for how much to think.
 */
export const CreateResponse = z.object({
  model: z.string().min(1).max(256).optional(),
  input: z.union([z.string().min(1), z.array(InputItem).min(1, 'expected some text, got none')]),
  instructions: z.string().nullish(),
  mode: Mode.nullish(),
  reasoning: ReasoningRequest.nullish(),
  max_output_tokens: tokens.nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().nonnegative().max(MAX_TOKENS).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  /** Subtracted from the logit of each token that has occurred; or once for each occurrence. */
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  /** Added to the logits of tokens by their ids in the model's own vocabulary. */
  logit_bias: LogitBias.nullish(),
  stop: z.union([z.string().min(1).max(256), z.array(z.string().min(1).max(256)).max(8)]).nullish(),
  seed: z.int().nullish(),
  deterministic: z.boolean().nullish(),
  text: TextRequest.nullish(),
  tools: z.array(ToolParam).max(128).nullish(),
  tool_choice: ToolChoiceParam.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  max_tool_calls: z.int().positive().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_obfuscation: z.boolean().optional() }).nullish(),
  background: z.boolean().nullish(),
  store: z.boolean().nullish(),
  previous_response_id: z.string().min(1).max(256).nullish(),
  /**
   * `after` is our own field: the response of the conversation to continue from, null for its start; absent: the one
   * that was added last.
   */
  conversation: z
    .union([z.string().min(1), z.object({ id: z.string().min(1), after: z.string().min(1).max(256).nullish() })])
    .nullish(),
  metadata: Metadata.nullish(),
  /** Notes of the client about itself, such as Codex sends: accepted but not kept. */
  client_metadata: z
    .record(z.string(), z.unknown())
    .overwrite(() => ({}))
    .nullish(),
  include: z.array(Include).nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  truncation: z.enum(['auto', 'disabled']).nullish(),
  service_tier: z.enum(['auto', 'default', 'flex', 'scale', 'priority']).nullish(),
  user: z.string().max(512).nullish(),
  safety_identifier: z.string().max(512).nullish(),
  prompt_cache_key: z.string().max(512).nullish(),
  webhook: z.object({ url: z.url().max(2048) }).nullish(),
  reasoning_effort: Effort.nullish(),
  thinking: z
    .discriminatedUnion('type', [
      z.object({ type: z.literal('enabled'), budget_tokens: tokens }),
      z.object({ type: z.literal('adaptive') }),
      z.object({ type: z.literal('disabled') }),
    ])
    .nullish(),
  output_config: z.object({ effort: Effort.nullish() }).nullish(),
  think: z.union([z.boolean(), z.enum(['low', 'medium', 'high'])]).nullish(),
});
export type CreateResponse = z.infer<typeof CreateResponse>;
