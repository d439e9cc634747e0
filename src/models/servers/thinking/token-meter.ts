import type { Delta } from '../client/wire.ts';

/** Longest text that one token of a stream is taken for; longer pieces hold several. */
const longestToken = 24;

/**
 * Counts the tokens of one stream as they come: by the server's running total where it gives one, else by ids or
 * log-probabilities, else by pieces of text, which nearly all servers send token by token.
 */
export type TokenMeter = {
  /** Tokens that this chunk adds. */
  count(delta: Delta): number;
  /** No token of this stream was estimated. */
  exact(): boolean;
};

export function createTokenMeter(): TokenMeter {
  let total = 0;
  let exact = true;
  return {
    count(delta) {
      const before = total;
      const listed = Math.max(delta.tokenIds.length, delta.logprobs.length);
      const estimate = pieces(delta);
      if (delta.decodedTokens !== undefined && (exact || estimate === 0)) total = Math.max(total, delta.decodedTokens);
      else {
        exact &&= listed > 0 || estimate === 0;
        total += listed || estimate;
      }
      return total - before;
    },
    exact: () => exact,
  };
}

function pieces(delta: Delta): number {
  const calls = delta.toolCalls.map((call) => `${call.function?.name ?? ''}${call.function?.arguments ?? ''}`).join('');
  const text = delta.reasoning + delta.content + calls;
  return tokensOfPiece(text);
}

/** Tokens of a piece of a stream: one, unless it is longer than tokens are. */
export function tokensOfPiece(text: string): number {
  if (text === '') return 0;
  return text.length <= longestToken ? 1 : estimateTokens(text);
}

/** Tokens of a text whose tokenizer is not at hand: about four characters each, less for scripts beyond Latin. */
export function estimateTokens(text: string): number {
  let units = 0;
  for (const character of text) units += (character.codePointAt(0) ?? 0) < 0x250 ? 0.25 : 0.7;
  return Math.ceil(units);
}
