import { z } from 'zod';
import { CreateResponse } from '../responses/create-response.ts';
import { Warning } from '../responses/response.ts';
import { ChatUsage, FinishReason } from './chat-completion.ts';

/**
 * OpenAI's oldest format: requests and responses of `POST /v1/completions`. The prompt is used unchanged, without the
 * model's template.
 */

const { shape } = CreateResponse;
const text = z.string().min(1);

export const CreateCompletion = z.object({
  model: shape.model,
  prompt: z.union([text, z.array(text).min(1).max(16)]),
  /** Default 16, as in OpenAI's API. */
  max_tokens: shape.max_output_tokens,
  temperature: shape.temperature,
  top_p: shape.top_p,
  presence_penalty: shape.presence_penalty,
  frequency_penalty: shape.frequency_penalty,
  logit_bias: shape.logit_bias,
  /** The number of answers to each prompt, each a separate job; at most 16 in total. */
  n: z.int().min(1).max(16).nullish(),
  stop: shape.stop,
  seed: shape.seed,
  stream: shape.stream,
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  /** The number of alternatives for each token. */
  logprobs: z.int().min(0).max(20).nullish(),
  /** Whether the text starts with the prompt. */
  echo: z.boolean().nullish(),
  /** Refused with an explicit error unless it is empty: no model here fills gaps. */
  suffix: z.string().nullish(),
  user: shape.user,
  // Our own field, as in `POST /v1/responses`.
  top_k: shape.top_k,
  min_p: shape.min_p,
  deterministic: shape.deterministic,
  store: shape.store,
  metadata: shape.metadata,
});
export type CreateCompletion = z.infer<typeof CreateCompletion>;

const CompletionLogprobs = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number()),
  top_logprobs: z.array(z.record(z.string(), z.number())),
  /** Characters from the start of the text. */
  text_offset: z.array(z.int().nonnegative()),
});
export type CompletionLogprobs = z.infer<typeof CompletionLogprobs>;

/**
 * A complete answer, or a part of it in a stream: there `finish_reason` is null except in the last part of each choice.
 */
export const Completion = z.object({
  /** `cmpl-X` for the response `resp_X` (the first, if there are several). */
  id: z.string(),
  object: z.literal('text_completion'),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.int().nonnegative(),
      text: z.string(),
      logprobs: CompletionLogprobs.nullable(),
      finish_reason: FinishReason.nullable(),
    }),
  ),
  /** In a stream with `stream_options.include_usage`: null, except in a last part without choices. */
  usage: ChatUsage.nullable().exactOptional(),
  warnings: z.array(Warning).exactOptional(),
});
export type Completion = z.infer<typeof Completion>;
