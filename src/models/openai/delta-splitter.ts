import type { ModelFamily } from '../families/family.ts';
import type { TokenLogprob } from '../language-model.ts';
import type { Delta } from './delta.ts';
import { createThinkSplitter, type TextPart, type ThinkSplitter } from './think-splitter.ts';

/** A piece of thought or answer with the tokens that made it. */
export type Piece = TextPart & Tokens;

export type Tokens = { tokens: number; tokenIds: readonly number[]; logprobs: readonly TokenLogprob[] };

export const noTokens: Tokens = { tokens: 0, tokenIds: [], logprobs: [] };

export const join = (one: Tokens, other: Tokens): Tokens => ({
  tokens: one.tokens + other.tokens,
  tokenIds: [...one.tokenIds, ...other.tokenIds],
  logprobs: [...one.logprobs, ...other.logprobs],
});

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
  let held = noTokens;
  /** Of chunks without text before any text: pieces of a character, or the open tag, which is part of no thought. */
  let silent = noTokens;
  let last: TextPart['kind'] | undefined;

  /** Gives a chunk's tokens, and those before it that have made no text yet, to the first of its pieces. */
  function settle(parts: TextPart[], tokens: Tokens): Piece[] {
    const [first, ...others] = parts;
    if (first === undefined) {
      held = join(held, tokens);
      return [];
    }
    // What came without text between thought and answer was the close tag, which is part of neither.
    const tag = last === 'thinking' && first.kind === 'answer';
    const before = first.kind === 'thinking' && opening === 'unknown' ? held : join(silent, held);
    const own = tag ? tokens : join(before, tokens);
    held = noTokens;
    silent = noTokens;
    last = parts.at(-1)?.kind;
    return [{ ...first, ...own }, ...others.map((part) => ({ ...part, ...noTokens }))];
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
          return settle(split(logprob.token), {
            tokens: 1,
            tokenIds: id === undefined ? [] : [id],
            logprobs: [logprob],
          });
        });
      }
      if (last === undefined && delta.reasoning === '' && delta.content === '') {
        silent = join(silent, { tokens, tokenIds: delta.tokenIds, logprobs: delta.logprobs });
        return [];
      }
      const parts: TextPart[] = [];
      if (delta.reasoning !== '') {
        fields = true;
        parts.push({ kind: opening === 'closed' ? 'answer' : 'thinking', text: delta.reasoning });
      }
      return settle([...parts, ...split(delta.content)], {
        tokens,
        tokenIds: delta.tokenIds,
        logprobs: delta.logprobs,
      });
    },
    end() {
      const rest = opening === 'closed' || fields ? [] : tags.end();
      return rest.length > 0 ? settle(rest, noTokens) : [];
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
