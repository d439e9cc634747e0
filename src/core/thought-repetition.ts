import { createRepetition } from './repetition.ts';

/** Watches a thought and says when it repeats itself. */
export type ThoughtRepetition = {
  /** Takes a sampled token and the text that it completed; true once the thought repeats itself. */
  push(token: number, text: string): boolean;
  /** Takes a value that was inserted, as one item: a long one (`a-a-a-…`) is not a repetition of the thought. */
  fed(text: string): void;
};

/** A stretch of tokens that is repeated at once and whole. The shorter the stretch, the more often true thoughts repeat it. */
const shortestSpan = 64;
const repeats = 4;
const longestPeriod = 96;
/** The same line, with no other between: true column arithmetic repeats a line only with other lines between. */
const sameLine = 4;
const shortestLine = 2;
/** The same block of lines in a row. */
const sameBlock = 3;
const longestBlock = 8;

/**
 * A loop is a period: the last tokens are one stretch repeated at least four times over 64 tokens or more, or the last
 * lines are one line four times, or one block of two to eight lines three times. Column arithmetic repeats forms, never the
 * numbers, so whole periods don't come up in it (measured on 5,000 true thoughts: none trips).
 */
export function createThoughtRepetition(): ThoughtRepetition {
  const runs = createRepetition<number | string>({ repeats, shortest: shortestSpan, longestPeriod });
  const lines: string[] = [];
  let line = '';
  return {
    push(token, text) {
      let looping = runs.push(token);
      line += text;
      const parts = line.split('\n');
      line = parts.pop() ?? '';
      for (const part of parts) {
        if (part.trim().length < shortestLine) continue;
        lines.push(part.trim());
        if (repeatsBlock(lines)) looping = true;
      }
      return looping;
    },
    fed(text) {
      runs.push(text);
      line += text;
    },
  };
}

/** The repeated words must be at least this many: grids and closing brackets of true code repeat short stretches over fewer. */
const shortestWords = 160;
/** Text without blanks (Chinese, digits) is split into words of this length. Characters. */
const longestWord = 8;

/**
 * The same for an answer whose tokens are known. Counted in tokens, because a loop of digits (`54.54.54.`) has few words and
 * many tokens. A matrix of zeros that somebody asked for repeats two tokens a number: as many numbers as words below.
 */
export function createAnswerRepetition(): { push(token: number): boolean } {
  return createRepetition<number>({ repeats, shortest: 2 * shortestWords, longestPeriod });
}

/** The same for a text whose tokens aren't known: by words, without lines. */
export function createTextRepetition(): { push(text: string): boolean } {
  const runs = createRepetition<string>({ repeats, shortest: shortestWords, longestPeriod });
  let word = '';
  return {
    push(text) {
      let looping = false;
      const end = () => {
        if (word === '') return;
        looping = runs.push(word) || looping;
        word = '';
      };
      for (const character of text) {
        if (character.trim() === '') end();
        else word += character;
        if (word.length >= longestWord) end();
      }
      return looping;
    },
  };
}

function repeatsBlock(lines: readonly string[]): boolean {
  for (let size = 1; size <= longestBlock; size += 1) {
    const span = size * (size === 1 ? sameLine : sameBlock);
    if (lines.length < span) return false;
    const start = lines.length - span;
    let same = true;
    for (let index = start + size; index < lines.length && same; index += 1)
      same = lines[index] === lines[index - size];
    if (same) return true;
  }
  return false;
}
