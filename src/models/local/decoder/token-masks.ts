import type { GrammarMatcher } from '../../../grammar/grammar-matcher.ts';
import { unsupported } from '../../../grammar/unsupported.ts';
import type { ModelFolder } from '../folder/model-folder.ts';

/** Ids of tokens that must not be sampled, by the place in a sequence. */
export type SuppressedTokens = {
  /** Within a thought: tokens that would open another one, or a tool call. */
  thought: readonly number[];
  /** After a computed value: also tokens that would change the number. */
  thoughtBehindValue: readonly number[];
  /**
   * The answer's first token: also ends and blanks, so that it cannot be empty; but not a single space, which some
   * vocabularies spell apart from the number behind it.
   */
  answerFirst: readonly number[];
  /** While the answer has no visible text: a space as well. */
  answerStart: readonly number[];
  answer: readonly number[];
  /** Within a tool call, which must be closed before the answer ends. */
  toolCall: readonly number[];
};

/**
 * A token that begins with a letter or a sign, maybe after white space or a point, so it is neither blank nor a number. Vocabularies spell
 * a token as text, with `▁` for a space, or byte by byte, where `ĠĉĊč` are white space: the ranges are the first bytes of Latin, Greek,
 * Cyrillic, Hebrew, Chinese and Korean letters, and letters themselves if read as text. Not `<` and `#`, with which `<0x20>` and `##1` begin.
 */
const word = /^[Ġĉ▁Ċč ]*[.,]?[A-Za-z!"$%&'()*+/:;=>?@[\\\]^_`{|}~\u00c3-\u00d8\u00e4-\u00e9\u00eb-\u00ed-]/;

/** The suppressed tokens of one model, from one pass over its vocabulary. */
export function createSuppressedTokens(model: Pick<ModelFolder, 'tokenizer' | 'tokens' | 'vocabularySize'>): {
  forSequence(request: { tools: boolean }): SuppressedTokens;
} {
  const { tokenizer, tokens } = model;
  const { end, open, close, toolCallOpen, toolCallClose } = tokens;
  const tags = [open, close, toolCallOpen, toolCallClose];
  const control = new Set(
    [...tags, ...tokenizer.specialTexts.map((text) => tokenizer.idOf(text))].filter((id) => id !== undefined),
  );
  for (const id of end) control.delete(id);
  const blank: number[] = [];
  const space: number[] = [];
  const digits: number[] = [];
  for (let id = 0; id < model.vocabularySize; id++) {
    // Decoding a token takes 2 µs, and most of a vocabulary are words.
    if (control.has(id) || end.has(id) || word.test(tokenizer.spellingOf(id) ?? '')) continue;
    const text = tokenizer.textOf(id);
    if (text === ' ') space.push(id);
    else if (text.trim() === '') blank.push(id);
    else if (/^[.,]?\p{Nd}/u.test(text)) digits.push(id);
  }
  const except = (...kept: Array<number | undefined>) => [...control].filter((id) => !kept.includes(id));
  return {
    forSequence({ tools }) {
      const answer = tools ? except(toolCallOpen) : except();
      return {
        thought: except(close),
        thoughtBehindValue: [...except(close), ...digits],
        answerFirst: [...answer, ...end, ...blank],
        answerStart: [...answer, ...end, ...blank, ...space],
        answer,
        toolCall: [...except(toolCallClose), ...end],
      };
    },
  };
}

/** The next answer tokens that a grammar allows. */
type AnswerMask = {
  /** The mask for the next token; at `start`, the answer may not end, but a tool call may begin if there are tools. */
  at(place: 'start' | 'text'): Uint32Array;
  accept(token: number): void;
  mustEnd(): boolean;
};

/**
 * An answer is text that matches the grammar, or tool calls; after a call, the text may be missing. It continues the ids in
 * `begun`.
 * @throws ServiceError `unsupported_constraint` if those do not match the grammar
 */
export function createAnswerMask(
  matcher: GrammarMatcher,
  model: Pick<ModelFolder, 'tokens' | 'vocabularySize'>,
  options: { tools: boolean; begun: readonly number[] },
): AnswerMask {
  const { tokens } = model;
  const { tools } = options;
  const mask = new Uint32Array(Math.ceil(model.vocabularySize / 32));
  let called = false;
  let begun = options.begun.length > 0;
  let within = false;
  const set = (id: number, allowed: boolean) => {
    const bit = 1 << (id & 31);
    const word = mask[id >>> 5] ?? 0;
    mask[id >>> 5] = allowed ? word | bit : word & ~bit;
  };
  if (!options.begun.every((id) => matcher.accept(id))) {
    throw unsupported('text.format', 'the answer already starts with text that it does not allow');
  }
  return {
    at(place) {
      if (!matcher.fillMask(mask)) mask.fill(0xffffffff);
      if (!begun) for (const id of tokens.end) set(id, called && place === 'text');
      if (!begun && tools && tokens.toolCallOpen !== undefined) set(tokens.toolCallOpen, true);
      return mask;
    },
    accept(token) {
      if (token === tokens.toolCallOpen) within = true;
      if (within) {
        called = true;
        if (token === tokens.toolCallClose) within = false;
      } else if (!tokens.end.has(token)) {
        begun = true;
        matcher.accept(token);
      }
    },
    mustEnd: () => begun && matcher.mustEnd(),
  };
}
