import type { Repair } from './check.ts';
import { defineLineCheck, right, wrong } from './line-check.ts';

/** `The or of both, between True and False, is …`, `since False is false and True is true` */
const binary =
  /(?<!\b(?:not|and|x?or|is|are|between|of|from|with|for|both)\s)\b(true|false) (and|or|xor) (true|false) is (true|false)\b/gi;
const negation = /(?<!\b(?:not|and|x?or)\s)\bnot (true|false) is (true|false)\b/gi;

/** Truth values put together: `False or True is True`, `not True is False`. */
export const truthValues = defineLineCheck({
  name: 'truth-values',
  description: 'Truth values that a line puts together come to what it says.',
  *statements({ lines }) {
    for (const { number, text } of lines) {
      for (const { 0: shown, 1: a = '', 2: operator = '', 3: b = '', 4: said = '', index } of text.matchAll(binary)) {
        const [left, other] = [isTrue(a), isTrue(b)];
        const value = { and: left && other, or: left || other, xor: left !== other }[operator.toLowerCase()];
        const at = index + shown.length - said.length;
        yield value === isTrue(said) ? right(number) : wrong(number, said, `not so: ${shown}`, turned(said, at));
      }
      for (const { 0: shown, 1: a = '', 2: said = '', index } of text.matchAll(negation)) {
        const at = index + shown.length - said.length;
        yield isTrue(a) !== isTrue(said) ? right(number) : wrong(number, said, `not so: ${shown}`, turned(said, at));
      }
    }
  },
});

function isTrue(word: string): boolean {
  return word.toLowerCase() === 'true';
}

/** The other value in the same writing. */
function turned(word: string, at: number): Repair {
  const other = isTrue(word) ? 'false' : 'true';
  return { at, text: /^[A-Z]/.test(word) ? other.charAt(0).toUpperCase() + other.slice(1) : other };
}
