import { defineLineCheck, right, wrong } from './line-check.ts';

const binary = /\b(true|false) (and|or|xor) (true|false) is (true|false)\b/gi;
const negation = /\bnot (true|false) is (true|false)\b/gi;

/** Truth values put together: `False or True is True`, `not True is False`. */
export const truthValues = defineLineCheck({
  name: 'truth-values',
  description: 'Truth values that a line puts together come to what it says.',
  *statements({ lines }) {
    for (const { number, text } of lines) {
      for (const [shown, a = '', operator = '', b = '', said = ''] of text.matchAll(binary)) {
        const [left, other] = [isTrue(a), isTrue(b)];
        const value = { and: left && other, or: left || other, xor: left !== other }[operator.toLowerCase()];
        yield value === isTrue(said) ? right(number) : wrong(number, said, `not so: ${shown}`);
      }
      for (const [shown, a = '', said = ''] of text.matchAll(negation)) {
        yield isTrue(a) !== isTrue(said) ? right(number) : wrong(number, said, `not so: ${shown}`);
      }
    }
  },
});

function isTrue(word: string): boolean {
  return word.toLowerCase() === 'true';
}
