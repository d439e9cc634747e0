import type { TokenLogprob } from '../../../core/language-model.ts';
import { ChatLogprobs, type Chunk, CompletionLogprobs, type ToolCallDelta } from './wire.ts';

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
  /** Tokens decoded so far, where the server says. */
  decodedTokens: number | undefined;
  promptTokens: number | undefined;
  cachedTokens: number | undefined;
  /** Of `decodedTokens`, those of the thought, where the server says. */
  reasoningTokens: number | undefined;
};

/** Reads a chunk of a request for one choice. */
export function readDelta(chunk: Chunk): Delta {
  const choice = chunk.choices?.[0];
  const { usage, timings } = chunk;
  const promptTokens =
    usage?.prompt_tokens ?? (timings?.prompt_n != null ? timings.prompt_n + (timings.cache_n ?? 0) : undefined);
  return {
    reasoning: choice?.delta?.reasoning || choice?.delta?.reasoning_content || '',
    content: choice?.delta?.content ?? choice?.text ?? '',
    logprobs: readLogprobs(choice?.logprobs),
    tokenIds: choice?.token_ids ?? [],
    toolCalls: choice?.delta?.tool_calls ?? [],
    finishReason: choice?.finish_reason ?? undefined,
    decodedTokens: usage?.completion_tokens ?? timings?.predicted_n ?? undefined,
    promptTokens: promptTokens ?? undefined,
    cachedTokens: usage?.prompt_tokens_details?.cached_tokens ?? timings?.cache_n ?? undefined,
    reasoningTokens: usage?.completion_tokens_details?.reasoning_tokens ?? undefined,
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
  const chat = ChatLogprobs.safeParse(logprobs);
  return (chat.data?.content ?? []).map(({ token, logprob, top_logprobs: tops }) => {
    const top = (tops ?? []).map((one) => ({ token: one.token, logprob: one.logprob }));
    return { token, logprob, ...(top.length > 0 && { top }) };
  });
}
