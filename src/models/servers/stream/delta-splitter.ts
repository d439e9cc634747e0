import type { TokenLogprob } from '../../../core/language-model.ts';
import type { ModelFamily } from '../../families/family.ts';
import type { Delta } from '../client/wire.ts';
import { createThinkSplitter, type TextPart, type ThinkSplitter } from '../thinking/think-splitter.ts';

/** A piece of thought or answer with the tokens that made it. */
export type Piece = TextPart & Tokens;

export type Tokens = { tokens: number; tokenIds: readonly number[]; logprobs: readonly TokenLogprob[] };

export const noTokens: Tokens = { tokens: 0, tokenIds: [], logprobs: [] };

export const join = (one: Tokens, other: Tokens): Tokens => ({
  tokens: one.tokens + other.tokens,
  tokenIds: [...one.tokenIds, ...other.tokenIds],
  logprobs: [...one.logprobs, ...other.logprobs],
});

/**
 * How the text of a request begins. `tagged`: with the answer, unless a tag or a field says that it is a thought. `inside`:
 * within a thought. `held`: not known yet, so it is buffered until a tag or the end decides. `untagged`: with the
 * answer, unless a field says that it is a thought. `closed`: all of it is the answer, whatever field the server puts it in.
 */
export type ReasoningStart = 'tagged' | 'inside' | 'held' | 'untagged' | 'closed';

/** What a held text turns out to have been. `inside`: a thought without its opening tag. `tagged`: thoughts have tags or a field. */
export type LearnedReasoningStart = Extract<ReasoningStart, 'inside' | 'tagged'>;

/**
 * Sorts a stream into thought and answer, for all three spellings: `reasoning`, `reasoning_content`, tags in the content.
 * Each token is counted once, with the piece that it ends up in.
 */
type DeltaSplitter = {
  push(delta: Delta, tokens: number): Piece[];
  /** `cut`: by its length, and not by the model. */
  end(options: { cut: boolean }): Piece[];
};

/** `learn` is called with what a text that was `held` turns out to be. */
export function createDeltaSplitter(
  family: ModelFamily,
  reasoningStart: ReasoningStart,
  learn: (reasoningStart: LearnedReasoningStart) => void = () => {},
): DeltaSplitter {
  const tags = createTags(family, reasoningStart, learn);
  const settled: Settled = { fields: false, held: noTokens, silent: noTokens, last: undefined };
  const settle = (parts: TextPart[], tokens: Tokens) => settleTokens(settled, reasoningStart, parts, tokens);

  function split(text: string): TextPart[] {
    if (text === '') return [];
    // A server that takes the thought out leaves no tags; text that looks like one belongs to the answer.
    if (reasoningStart === 'closed' || settled.fields) return [{ kind: 'answer', text }];
    return tags.push(text);
  }

  return {
    push(delta, tokens) {
      const { reasoning, content, logprobs, tokenIds } = delta;
      if (isPerToken(delta, tokens)) {
        const ids = tokenIds.length === tokens ? tokenIds : [];
        return logprobs.flatMap((logprob, index) =>
          settle(split(logprob.token), { tokens: 1, tokenIds: ids.slice(index, index + 1), logprobs: [logprob] }),
        );
      }
      if (settled.last === undefined && settled.held === noTokens && reasoning === '' && content === '') {
        settled.silent = join(settled.silent, { tokens, tokenIds, logprobs });
        return [];
      }
      const parts: TextPart[] = [];
      if (reasoning !== '') {
        if (reasoningStart === 'held' && !settled.fields) learn('tagged');
        settled.fields = true;
        parts.push({ kind: reasoningStart === 'closed' ? 'answer' : 'thinking', text: reasoning });
      }
      return settle([...parts, ...split(content)], { tokens, tokenIds, logprobs });
    },
    end({ cut }) {
      const rest = reasoningStart === 'closed' || settled.fields ? [] : tags.end({ cut });
      return rest.length > 0 ? settle(rest, noTokens) : [];
    },
  };
}

/** Tokens that wait for the piece that they belong to, and what is known of the stream so far. */
type Settled = {
  /** The server takes thoughts out of the content. */
  fields: boolean;
  held: Tokens;
  /** Of chunks without text before any text: pieces of a character, or the open tag, which is part of no thought. */
  silent: Tokens;
  last: TextPart['kind'] | undefined;
};

/** Gives a chunk's tokens, and those before it that have made no text yet, to the first of its pieces. */
function settleTokens(settled: Settled, start: ReasoningStart, parts: TextPart[], tokens: Tokens): Piece[] {
  const { fields, held, silent, last } = settled;
  const [first, ...others] = parts;
  if (first === undefined) {
    settled.held = join(held, tokens);
    return [];
  }
  // A thought that was held back whole: this chunk closed it, and its tokens go to what comes after.
  const closed = start === 'held' && last === undefined && first.kind === 'thinking' && held.tokens > 0 && !fields;
  // What came without text between thought and answer was the close tag, which is part of neither.
  const tag = last === 'thinking' && first.kind === 'answer';
  const before = first.kind === 'thinking' && start === 'tagged' ? held : join(silent, held);
  const own = closed ? before : tag ? tokens : join(before, tokens);
  Object.assign(settled, { held: noTokens, silent: noTokens, last: parts.at(-1)?.kind });
  const after = (index: number) => (closed && index === 0 ? tokens : noTokens);
  return [{ ...first, ...own }, ...others.map((part, index) => ({ ...part, ...after(index) }))];
}

/** Several tokens in one chunk, whose texts make up its text. */
function isPerToken({ reasoning, content, logprobs }: Delta, tokens: number): boolean {
  const listed = reasoning === '' && logprobs.length > 1 && tokens === logprobs.length;
  return listed && logprobs.map(({ token }) => token).join('') === content;
}

function createTags(
  family: ModelFamily,
  reasoningStart: ReasoningStart,
  learn: (reasoningStart: LearnedReasoningStart) => void,
): ThinkSplitter {
  const { tags, answerMarker } = family;
  if (reasoningStart === 'closed' || reasoningStart === 'untagged')
    return createThinkSplitter({ close: '', start: 'answer' });
  if (tags !== undefined) {
    const start = reasoningStart === 'inside' ? 'thinking' : reasoningStart === 'held' ? 'held' : 'either';
    return createThinkSplitter({ ...tags, start, onTag: (tag) => learn(tag === 'open' ? 'tagged' : 'inside') });
  }
  if (answerMarker !== undefined) return createThinkSplitter({ close: answerMarker, start: 'thinking' });
  return createThinkSplitter({ close: '', start: 'answer' });
}
