/** A run of words repeated at once, whole, so many times, over so many words: honest text has none (measured: see the tests). */
const repeats = 4;
const shortest = 24;
const longestPeriod = 64;

/** A text that goes round in circles: some stretch of it is up to 64 words, four times or more in a row. One pass. */
export function goesInCircles(text: string): boolean {
  const words = text.toLowerCase().match(/\S+/g) ?? [];
  /** runs[period]: how many last words equal the one `period` before. */
  const runs = new Int32Array(longestPeriod + 1);
  for (const [at, word] of words.entries()) {
    for (let period = 1; period <= Math.min(longestPeriod, at); period += 1) {
      const run = words[at - period] === word ? (runs[period] ?? 0) + 1 : 0;
      runs[period] = run;
      if (run + period >= Math.max(shortest, repeats * period)) return true;
    }
  }
  return false;
}
