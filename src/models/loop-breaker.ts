/** Watches a thought and tells when it goes round in circles. */
export type LoopBreaker = {
  /** Takes a sampled token and the text that it completed; true once the thought repeats itself. */
  push(token: number, text: string): boolean;
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
export function createLoopBreaker(): LoopBreaker {
  const tokens: number[] = [];
  const lines: string[] = [];
  /** runs[period]: how many last tokens equal the one `period` before. */
  const runs = new Int32Array(longestPeriod + 1);
  let line = '';
  return {
    push(token, text) {
      tokens.push(token);
      const last = tokens.length - 1;
      let looping = false;
      for (let period = 1; period <= Math.min(longestPeriod, last); period += 1) {
        const run = tokens[last - period] === token ? (runs[period] ?? 0) + 1 : 0;
        runs[period] = run;
        if (run + period >= Math.max(shortestSpan, repeats * period)) looping = true;
      }
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
  };
}

/** The same for a thought whose tokens aren't known: words stand for them. */
export function createTextLoopBreaker(): { push(text: string): boolean } {
  const breaker = createLoopBreaker();
  const numbers = new Map<string, number>();
  let rest = '';
  return {
    push(text) {
      rest += text;
      let looping = false;
      let end = 0;
      for (const found of rest.matchAll(/\S+\s+/g)) {
        const [word] = found;
        const key = word.trimEnd();
        const number = numbers.get(key) ?? numbers.size;
        numbers.set(key, number);
        looping = breaker.push(number, word) || looping;
        end = found.index + word.length;
      }
      rest = rest.slice(end);
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
