import { type EvaluateCall, textsOf, wholeOf } from './call-arguments.ts';

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Letters as a reader counts them: an emoji or a letter with its accents is one. */
function graphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

const ofText =
  (evaluate: (text: string) => string | undefined): EvaluateCall =>
  (given) =>
    given.length === 1 && given[0]?.kind === 'text' ? evaluate(given[0].text) : undefined;

/** It is not clear whether a space counts as a letter, so a text of several words has no numbered letters. */
const ofWord = (evaluate: (letters: readonly string[]) => string | undefined): EvaluateCall =>
  ofText((text) => (/\s/.test(text) ? undefined : evaluate(graphemes(text))));

export const letters = ofWord((found) => found.join('-'));
export const length = ofWord((found) => String(found.length));
export const reverse = ofText((text) => graphemes(text).reverse().join(''));

/** The first letter is 1. */
export const letter: EvaluateCall = ([word, position, ...others]) => {
  if (word?.kind !== 'text' || position?.kind !== 'number' || others.length > 0 || /\s/.test(word.text))
    return undefined;
  const whole = wholeOf(position.value);
  return whole !== undefined && whole >= 1n && whole <= 500n ? graphemes(word.text)[Number(whole) - 1] : undefined;
};

export const count: EvaluateCall = (given) => {
  const [text, sought, ...others] = textsOf(given) ?? [];
  if (text === undefined || sought === undefined || others.length > 0 || graphemes(sought).length !== 1)
    return undefined;
  const lowerCase = sought.toLowerCase();
  return String(graphemes(text.toLowerCase()).filter((each) => each === lowerCase).length);
};

/** Alphabetically, ignoring case; of words that differ only in case, upper case comes first. */
export function sortWords(words: readonly string[]): string {
  const byCodeUnit = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return [...words].sort((a, b) => byCodeUnit(a.toLowerCase(), b.toLowerCase()) || byCodeUnit(a, b)).join(', ');
}
