import { defineLineCheck, inPlaceOf, right, wrong } from './line-check.ts';

const binary = /\b(true|false) (and|or|xor) (true|false) is (true|false)\b/gi;
const negation = /\bnot (true|false) is (true|false)\b/gi;

/** Truth values put together: `False or True is True`, `not True is False`. */
export const truthValues = defineLineCheck({
  name: 'truth-values',
  description: 'Truth values that a line puts together come to what it says.',
  *statements({ lines }) {
    for (const { number, text } of lines) {
      for (const { 0: shown, 1: a = '', 2: operator = '', 3: b = '', 4: said = '', index } of text.matchAll(binary)) {
        const [left, other] = [isTrue(a), isTrue(b)];
        const value = { and: left && other, or: left || other, xor: left !== other }[operator.toLowerCase()];
        const repair = inPlaceOf(said, text, theOther(said), index + shown.length - said.length);
        yield value === isTrue(said) ? right(number) : wrong(number, said, `not so: ${shown}`, repair);
      }
      for (const { 0: shown, 1: a = '', 2: said = '', index } of text.matchAll(negation)) {
        const repair = inPlaceOf(said, text, theOther(said), index + shown.length - said.length);
        yield isTrue(a) !== isTrue(said) ? right(number) : wrong(number, said, `not so: ${shown}`, repair);
      }
    }
  },
});

function isTrue(word: string): boolean {
  return word.toLowerCase() === 'true';
}

/** In the same writing. */
function theOther(word: string): string {
  const other = isTrue(word) ? 'false' : 'true';
  return /^[A-Z]/.test(word) ? other.charAt(0).toUpperCase() + other.slice(1) : other;
}
