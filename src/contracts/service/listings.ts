import { z } from 'zod';
import { Effort } from '../responses/reasoning.ts';
import { Response } from '../responses/response.ts';
import { TraceStep } from '../responses/trace.ts';
import { EffortTable } from './effort-table.ts';
import { ModelCard, ModelState } from './model-card.ts';

/** A response with the start of the last user message. */
export const ListedResponse = Response.extend({ input_preview: z.string() });
export type ListedResponse = z.infer<typeof ListedResponse>;

/** Newest first. */
export const ResponseList = z.object({
  object: z.literal('list'),
  data: z.array(ListedResponse),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});
export type ResponseList = z.infer<typeof ResponseList>;

export const InputTokens = z.object({
  object: z.literal('response.input_tokens'),
  input_tokens: z.int().nonnegative(),
});
export type InputTokens = z.infer<typeof InputTokens>;

export const DeletedResponse = z.object({
  id: z.string(),
  object: z.literal('response'),
  deleted: z.literal(true),
});
export type DeletedResponse = z.infer<typeof DeletedResponse>;

/** A model as OpenAI and Anthropic list it, with its capabilities and the limits of each effort. */
export const ModelObject = ModelCard.extend({
  object: z.literal('model'),
  type: z.literal('model'),
  display_name: z.string(),
  /** `created` in ISO 8601. */
  created_at: z.string(),
  /** `context_length`, with Anthropic's name. */
  max_input_tokens: z.int().positive(),
  max_tokens: z.int().positive(),
  owned_by: z.string(),
  default_effort: Effort,
  effort_table: EffortTable,
  ...ModelState.partial().shape,
});
export type ModelObject = z.infer<typeof ModelObject>;

/** Complete: there is never a next page. */
export const ModelList = z.object({
  object: z.literal('list'),
  data: z.array(ModelObject),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.literal(false),
  /** Models that were added and of which too little is known yet to use them. */
  pending: z.array(ModelState.extend({ id: z.string(), object: z.literal('model.pending') })).exactOptional(),
  /**
   * Only with the query `client_version`, with which Codex asks for a catalog in its own format: always empty, so that
   * Codex uses its defaults.
   */
  models: z.array(z.never()).exactOptional(),
});
export type ModelList = z.infer<typeof ModelList>;

const StrategyObject = z.object({
  name: z.string(),
  object: z.literal('strategy'),
  description: z.string(),
  /** JSON Schema. */
  options: z.record(z.string(), z.unknown()),
});
export const StrategyList = z.object({ object: z.literal('list'), data: z.array(StrategyObject) });
export type StrategyList = z.infer<typeof StrategyList>;

export const Trace = z.object({
  response_id: z.string(),
  /** The conversation that the response is part of. */
  conversation: Response.shape.conversation,
  steps: z.array(TraceStep),
});
export type Trace = z.infer<typeof Trace>;

export const Health = z.object({ status: z.literal('ok') });
export type Health = z.infer<typeof Health>;

export const ReadinessReport = z.object({
  status: z.enum(['ready', 'not_ready']),
  parts: z.record(z.string(), z.boolean()),
});
export type ReadinessReport = z.infer<typeof ReadinessReport>;
