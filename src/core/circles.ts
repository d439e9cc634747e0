import { createRepetition } from './repetition.ts';

/** A run of words repeated at once, whole, so many times, over so many words: honest text has none (measured: see the tests). */
const circle = { repeats: 4, shortest: 24, longestPeriod: 64 };

/** A text that goes round in circles: some stretch of it is up to 64 words, four times or more in a row. One pass. */
export function goesInCircles(text: string): boolean {
  const words = text.toLowerCase().match(/\S+/g) ?? [];
  const repetition = createRepetition<string>(circle);
  return words.some((word) => repetition.push(word));
}
