import { z } from 'zod';
import type { TokenLogprob } from '../../../core/language-model.ts';
import type { CountedChunk } from '../../../core/token-counts.ts';

/** What one chunk brings, whichever server and route it came from. */
export type Delta = {
  /** Text of `reasoning` or `reasoning_content`: a thought, as the server sees it. */
  reasoning: string;
  /** Text of `content`, or of a plain completion; it may hold think tags. */
  content: string;
  /** One per token where the server gives them; else empty. */
  logprobs: readonly TokenLogprob[];
  tokenIds: readonly number[];
  toolCalls: readonly ToolCallDelta[];
  finishReason: string | undefined;
  /** The stop text of the request that ended it; null where the server says that none did, undefined where it says nothing. */
  stopText: string | null | undefined;
  /** The slot that decoded it: on llama.cpp's own route, with the last chunk. */
  slot: number | undefined;
  /** Tokens decoded so far, where the server says. */
  decodedTokens: number | undefined;
  promptTokens: number | undefined;
  cachedTokens: number | undefined;
  /** Of `decodedTokens`, those of the thought, where the server says. */
  reasoningTokens: number | undefined;
};

/** A finish reason of our own: the server ended the text by itself, without a word, because it repeated one token. */
export const repetition = 'repetition';

/** Whether the text ended although its model would have gone on. */
export const isCut = (finishReason: string | undefined): boolean =>
  finishReason === 'length' || finishReason === repetition;

/** The text alone that a chunk brings. */
export function readText(chunk: Chunk): Pick<Delta, 'reasoning' | 'content'> {
  const choice = chunk.choices?.[0];
  return {
    reasoning: choice?.delta?.reasoning || choice?.delta?.reasoning_content || '',
    content: choice?.delta?.content ?? choice?.text ?? chunk.content ?? '',
  };
}

/** Reads a chunk of a request for one choice. */
export function readDelta(chunk: Chunk): Delta {
  const choice = chunk.choices?.[0];
  const { usage, timings, stop_type: stopType } = chunk;
  const promptTokens =
    usage?.prompt_tokens ?? (timings?.prompt_n != null ? timings.prompt_n + (timings.cache_n ?? 0) : undefined);
  const ownReason = stopType == null ? undefined : stopType === 'limit' ? 'length' : 'stop';
  return {
    ...readText(chunk),
    logprobs: readLogprobs(choice?.logprobs ?? chunk.completion_probabilities),
    tokenIds: choice?.token_ids ?? chunk.tokens ?? [],
    toolCalls: choice?.delta?.tool_calls ?? [],
    finishReason: choice?.finish_reason ?? ownReason,
    stopText: readStopText(chunk),
    slot: chunk.id_slot != null && chunk.id_slot >= 0 ? chunk.id_slot : undefined,
    decodedTokens: usage?.completion_tokens ?? timings?.predicted_n ?? undefined,
    promptTokens: promptTokens ?? undefined,
    cachedTokens: usage?.prompt_tokens_details?.cached_tokens ?? timings?.cache_n ?? undefined,
    reasoningTokens: usage?.completion_tokens_details?.reasoning_tokens ?? undefined,
  };
}

function readStopText({ choices, stop_type: stopType, stopping_word: word }: Chunk): Delta['stopText'] {
  if (stopType != null) return stopType === 'word' && word ? word : null;
  const choice = choices?.[0];
  if (choice?.finish_reason == null || choice.stop_reason === undefined) return undefined;
  return typeof choice.stop_reason === 'string' ? choice.stop_reason : null;
}

/** What a chunk says of its tokens. */
export function countedChunk({
  decodedTokens,
  tokenIds,
  logprobs,
  reasoning,
  content,
  toolCalls,
}: Delta): CountedChunk {
  const calls = toolCalls.map((call) => `${call.function?.name ?? ''}${call.function?.arguments ?? ''}`).join('');
  return {
    decodedTokens,
    listed: Math.max(tokenIds.length, logprobs.length),
    text: reasoning + content + calls,
  };
}

function readLogprobs(logprobs: unknown): TokenLogprob[] {
  const completion = CompletionLogprobs.safeParse(logprobs);
  if (completion.success) {
    const { tokens, token_logprobs: values, top_logprobs: tops } = completion.data;
    return tokens.map((token, index) => {
      const top = Object.entries(tops?.[index] ?? {}).map(([other, logprob]) => ({ token: other, logprob }));
      return { token, logprob: values[index] ?? 0, ...(top.length > 0 && { top }) };
    });
  }
  const chat = ChatLogprobs.safeParse(Array.isArray(logprobs) ? { content: logprobs } : logprobs);
  return (chat.data?.content ?? []).map(({ token, logprob, top_logprobs: tops }) => {
    const top = (tops ?? []).map((one) => ({ token: one.token, logprob: one.logprob }));
    return { token, logprob, ...(top.length > 0 && { top }) };
  });
}

/**
 * What servers send, as loosely as they differ: absent and null are the same, unknown fields pass. The shapes are those of
 * chat completions chunks, and of plain completions for `raw`.
 */
const text = z.string().nullish();

const TopLogprob = z.looseObject({ token: z.string(), logprob: z.number() });

const ChatLogprobs = z.looseObject({
  content: z
    .array(z.looseObject({ token: z.string(), logprob: z.number(), top_logprobs: z.array(TopLogprob).nullish() }))
    .nullish(),
});

const CompletionLogprobs = z.looseObject({
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

const Usage = z.looseObject({
  prompt_tokens: z.int().nullish(),
  completion_tokens: z.int().nullish(),
  prompt_tokens_details: z.looseObject({ cached_tokens: z.int().nullish() }).nullish(),
  completion_tokens_details: z.looseObject({ reasoning_tokens: z.int().nullish() }).nullish(),
});

const Choice = z.looseObject({
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
  /** `ChatLogprobs` or `CompletionLogprobs`; any other form is ignored. */
  logprobs: z.unknown().optional(),
  token_ids: z.array(z.int()).nullish(),
  finish_reason: text,
  /** vLLM: the stop text, or the id of the token that ended it. */
  stop_reason: z.unknown().optional(),
});

export const Chunk = z.looseObject({
  choices: z.array(Choice).nullish(),
  usage: Usage.nullish(),
  /** llama.cpp, with `timings_per_token`: totals so far. */
  timings: z
    .looseObject({ cache_n: z.number().nullish(), prompt_n: z.number().nullish(), predicted_n: z.number().nullish() })
    .nullish(),
  error: z.unknown().optional(),
  /** llama.cpp's own route (`/completion`). */
  content: text,
  tokens: z.array(z.int()).nullish(),
  completion_probabilities: z.unknown().optional(),
  id_slot: z.int().nullish(),
  stop_type: text,
  stopping_word: text,
});
export type Chunk = z.infer<typeof Chunk>;

const Whole = z.looseObject({
  choices: z
    .array(z.looseObject({ message: z.looseObject({ reasoning: text, reasoning_content: text }).nullish() }))
    .length(1),
  usage: z.unknown().optional(),
});

/** An answer that came whole, as the chunks of a stream: the thought, the answer, the counts. Nothing where it is no JSON object. */
export function chunksOfWhole(body: unknown): unknown[] {
  const whole = Whole.safeParse(body);
  if (!whole.success) return typeof body === 'object' && body !== null ? [body] : [];
  const { choices, usage } = whole.data;
  return choices.flatMap(({ message, ...choice }) => {
    const { reasoning, reasoning_content, ...delta } = message ?? {};
    const thought = { choices: [{ delta: { reasoning, reasoning_content } }] };
    return [thought, { choices: [{ ...choice, ...(message && { delta }) }] }, { choices: [], usage }];
  });
}

/** The HTTP status that an error body names. */
export const ErrorStatus = z
  .looseObject({ error: z.looseObject({ code: z.int().min(400).max(599) }) })
  .transform(({ error }) => error.code);

/** Faults of single fields, as pydantic lists them, in one text; what was sent (`input`) is left out. */
const FieldFaults = z
  .array(z.looseObject({ loc: z.array(z.union([z.string(), z.number()])), msg: z.string() }))
  .min(1)
  .transform((faults) => faults.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`).join('; '));
const Detail = z.looseObject({ detail: z.union([z.string(), FieldFaults]) }).transform(({ detail }) => detail);

/** The message of an error body: OpenAI's envelope, Ollama's bare text, vLLM's older flat form, FastAPI's (Mistral puts that into its own). */
export const ErrorMessage = z.union([
  z.looseObject({ error: z.looseObject({ message: z.string() }) }).transform(({ error }) => error.message),
  z.looseObject({ error: z.string() }).transform(({ error }) => error),
  z.looseObject({ message: z.union([z.string(), Detail]) }).transform(({ message }) => message),
  Detail,
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
/** The text of token ids: llama.cpp's `/detokenize`, and vLLM's. */
export const Detokenized = z.union([
  z.looseObject({ content: z.string() }).transform(({ content }) => content),
  z.looseObject({ prompt: z.string() }).transform(({ prompt }) => prompt),
]);
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
