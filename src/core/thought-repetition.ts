import { createRepetition } from './repetition.ts';

/** Watches a thought and tells when it goes round in circles. */
export type ThoughtRepetition = {
  /** Takes a sampled token and the text that it completed; true once the thought repeats itself. */
  push(token: number, text: string): boolean;
  /** Takes a value that was fed, as one item: in a long one (`a-a-a-…`) it is not the thought that repeats itself. */
  fed(text: string): void;
};

/** A run of tokens repeated at once, whole, so many times. The shorter the run, the more often honest text repeats it. */
const shortestSpan = 64;
const repeats = 4;
const longestPeriod = 96;
/** The same line, with no other progress between: honest column work repeats a line only with other lines between. */
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

/** Words that a stretch must be repeated over: grids and closing brackets of honest code repeat what is short for less. */
const shortestWords = 160;
/** What has no blanks (Chinese, digits) is taken apart so. Characters. */
const longestWord = 8;

/** The same for an answer, and for a thought whose tokens aren't known: words stand for them, and lines for nothing. */
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
