/** A stretch of words that is repeated at once and whole, this often and over this many words. True text has none (measured: see the tests). */
const wordLimits = { repeats: 4, shortest: 24, longestPeriod: 64 };

/** True if some stretch of up to 64 words comes four times or more in a row. One pass. */
export function repeatsItself(text: string): boolean {
  const words = text.toLowerCase().match(/\S+/g) ?? [];
  const repetition = createRepetition<string>(wordLimits);
  return words.some((word) => repetition.push(word));
}

/** Watches a sequence and tells when it repeats itself. */
type Repetition<Item> = {
  /** Takes the next item; true where the last ones are one stretch repeated at once. */
  push(item: Item): boolean;
};

/**
 * A repetition is a period: a stretch of at most `longestPeriod` items, whole, `repeats` times in a row or more, over at least
 * `shortest` items. Time and memory per item are bounded by `longestPeriod`, but for the items themselves.
 */
export function createRepetition<Item>(limits: {
  repeats: number;
  shortest: number;
  longestPeriod: number;
}): Repetition<Item> {
  const { repeats, shortest, longestPeriod } = limits;
  const items: Item[] = [];
  /** runs[period]: how many last items equal the one `period` before. */
  const runs = new Int32Array(longestPeriod + 1);
  return {
    push(item) {
      items.push(item);
      const last = items.length - 1;
      let repeating = false;
      for (let period = 1; period <= Math.min(longestPeriod, last); period += 1) {
        const run = items[last - period] === item ? (runs[period] ?? 0) + 1 : 0;
        runs[period] = run;
        if (run + period >= Math.max(shortest, repeats * period)) repeating = true;
      }
      return repeating;
    },
  };
}
