import { z } from 'zod';

/**
 * What servers send, as loosely as they differ: absent and null are the same, unknown fields pass. The shapes are those of
 * chat completions chunks, and of plain completions for `raw`.
 */
const text = z.string().nullish();

const TopLogprob = z.looseObject({ token: z.string(), logprob: z.number() });

export const ChatLogprobs = z.looseObject({
  content: z
    .array(z.looseObject({ token: z.string(), logprob: z.number(), top_logprobs: z.array(TopLogprob).nullish() }))
    .nullish(),
});

export const CompletionLogprobs = z.looseObject({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number().nullable()),
  top_logprobs: z.array(z.record(z.string(), z.number()).nullable()).nullish(),
});

export const ToolCallDelta = z.looseObject({
  index: z.int().nullish(),
  id: text,
  function: z.looseObject({ name: text, arguments: text }).nullish(),
});
export type ToolCallDelta = z.infer<typeof ToolCallDelta>;

export const Usage = z.looseObject({
  prompt_tokens: z.int().nullish(),
  completion_tokens: z.int().nullish(),
  prompt_tokens_details: z.looseObject({ cached_tokens: z.int().nullish() }).nullish(),
  completion_tokens_details: z.looseObject({ reasoning_tokens: z.int().nullish() }).nullish(),
});
export type Usage = z.infer<typeof Usage>;

export const Choice = z.looseObject({
  index: z.int().nullish(),
  delta: z
    .looseObject({
      content: text,
      reasoning: text,
      reasoning_content: text,
      tool_calls: z.array(ToolCallDelta).nullish(),
    })
    .nullish(),
  text,
  /** `ChatLogprobs` or `CompletionLogprobs`; a server's own third form is as good as none. */
  logprobs: z.unknown().optional(),
  token_ids: z.array(z.int()).nullish(),
  finish_reason: text,
});
export type Choice = z.infer<typeof Choice>;

export const Chunk = z.looseObject({
  choices: z.array(Choice).nullish(),
  usage: Usage.nullish(),
  /** llama.cpp, with `timings_per_token`: totals so far. */
  timings: z
    .looseObject({ cache_n: z.number().nullish(), prompt_n: z.number().nullish(), predicted_n: z.number().nullish() })
    .nullish(),
  error: z.unknown().optional(),
});
export type Chunk = z.infer<typeof Chunk>;

/** The message of an error body: OpenAI's envelope, Ollama's bare text, vLLM's older flat form, FastAPI's. */
export const ErrorMessage = z.union([
  z.looseObject({ error: z.looseObject({ message: z.string() }) }).transform(({ error }) => error.message),
  z.looseObject({ error: z.string() }).transform(({ error }) => error),
  z.looseObject({ message: z.string() }).transform(({ message }) => message),
  z.looseObject({ detail: z.string() }).transform(({ detail }) => detail),
]);

/**
 * vLLM's `/tokenize`: of a text, and of messages. llama.cpp has a route of this name that passes over what it doesn't know
 * and gives no tokens: that is no rendering, and says nothing of how a turn begins.
 */
export const Tokenized = z.looseObject({ tokens: z.array(z.int()).min(1) });
export const TokenizedMessages = z.looseObject({
  tokens: z.array(z.int()).min(1),
  token_strs: z.array(z.string()).min(1),
});

/** llama.cpp's `/tokenize` and `/apply-template`. */
export const TokenList = z.looseObject({ tokens: z.array(z.unknown()).min(1) });
export const RenderedPrompt = z.looseObject({ prompt: z.string() });

/** vLLM's `prompt_logprobs`: per token of the prompt, the log-probability of that token, by its id. */
export const PromptLogprobs = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        prompt_logprobs: z.array(z.record(z.string(), z.looseObject({ logprob: z.number() })).nullable()),
      }),
    )
    .min(1),
  usage: Usage.nullish(),
});
