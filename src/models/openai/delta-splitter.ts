import type { ModelFamily } from '../families/family.ts';
import type { TokenLogprob } from '../language-model.ts';
import type { Delta } from './delta.ts';
import { createThinkSplitter, type TextPart, type ThinkSplitter } from './think-splitter.ts';

/** A piece of thought or answer with the tokens that made it. */
export type Piece = TextPart & { tokens: number; tokenIds: readonly number[]; logprobs: readonly TokenLogprob[] };

/** How the text of a request begins. `closed`: all of it is the answer, whatever field the server puts it in. */
export type Opening = 'unknown' | 'inside' | 'closed';

/**
 * Sorts a stream into thought and answer, for all three spellings: `reasoning`, `reasoning_content`, tags in the content.
 * Each token is counted once, with the piece that it ends up in.
 */
export type DeltaSplitter = { push(delta: Delta, tokens: number): Piece[]; end(): Piece[] };

export function createDeltaSplitter(family: ModelFamily, opening: Opening): DeltaSplitter {
  const tags = createTags(family, opening);
  let fields = false;
  let held: Omit<Piece, 'kind' | 'text'> = { tokens: 0, tokenIds: [], logprobs: [] };

  /** Gives all tokens that have come since the last piece to the first of these pieces. */
  function settle(parts: TextPart[]): Piece[] {
    const pieces = parts.map((part, index) => ({
      ...part,
      ...(index === 0 ? held : { tokens: 0, tokenIds: [], logprobs: [] }),
    }));
    if (pieces.length > 0) held = { tokens: 0, tokenIds: [], logprobs: [] };
    return pieces;
  }

  function split(text: string): TextPart[] {
    if (text === '') return [];
    // A server that takes the thought out itself leaves no tags; what looks like one is the answer's own.
    if (opening === 'closed' || fields) return [{ kind: 'answer', text }];
    return tags.push(text);
  }

  return {
    push(delta, tokens) {
      const perToken =
        delta.reasoning === '' &&
        delta.logprobs.length > 1 &&
        tokens === delta.logprobs.length &&
        delta.logprobs.map(({ token }) => token).join('') === delta.content;
      if (perToken) {
        const ids = delta.tokenIds.length === tokens ? delta.tokenIds : [];
        return delta.logprobs.flatMap((logprob, index) => {
          const id = ids[index];
          held = {
            tokens: held.tokens + 1,
            tokenIds: id === undefined ? held.tokenIds : [...held.tokenIds, id],
            logprobs: [...held.logprobs, logprob],
          };
          return settle(split(logprob.token));
        });
      }
      held = {
        tokens: held.tokens + tokens,
        tokenIds: [...held.tokenIds, ...delta.tokenIds],
        logprobs: [...held.logprobs, ...delta.logprobs],
      };
      const parts: TextPart[] = [];
      if (delta.reasoning !== '') {
        fields = true;
        parts.push({ kind: opening === 'closed' ? 'answer' : 'thinking', text: delta.reasoning });
      }
      return settle([...parts, ...split(delta.content)]);
    },
    end() {
      const rest = opening === 'closed' || fields ? [] : tags.end();
      if (rest.length > 0) return settle(rest);
      return held.tokens > 0 ? [{ kind: 'answer', text: '', ...held }] : [];
    },
  };
}

function createTags(family: ModelFamily, opening: Opening): ThinkSplitter {
  const { tags, answerMarker } = family;
  if (opening === 'closed') return createThinkSplitter({ close: '', start: 'answer' });
  if (tags !== undefined) {
    return createThinkSplitter({ ...tags, start: opening === 'inside' ? 'thinking' : 'either' });
  }
  if (answerMarker !== undefined) return createThinkSplitter({ close: answerMarker, start: 'thinking' });
  return createThinkSplitter({ close: '', start: 'answer' });
}
