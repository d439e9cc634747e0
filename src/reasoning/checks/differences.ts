import { defineLineCheck, inPlaceOf, right, wrong } from './line-check.ts';
import { numberList } from './number-lists.ts';

const listed = /\bdifferences are (-?\d+(?:, (?:and )?-?\d+)+)/i;

/** The differences between the terms of the question's sequence. */
export const differences = defineLineCheck({
  name: 'differences',
  description: 'The differences that a line names are those between the terms of the question’s sequence.',
  *statements({ lines, question }) {
    const terms = numberList(question);
    if (terms.length < 3) return;
    const real = terms.slice(1).map((term, index) => term - (terms[index] ?? 0));
    for (const { number, text } of lines) {
      const said = listed.exec(text)?.[1];
      if (said !== undefined) {
        const named = (said.match(/-?\d+/g) ?? []).map(Number);
        if (named.join() !== real.join())
          yield wrong(number, said, `the differences are ${real.join(', ')}`, inPlaceOf(said, text, real.join(', ')));
        else yield right(number);
      }
      const factor = /\beach term is (?:multiplied by|times) (\d+)\b/i.exec(text)?.[1];
      if (factor !== undefined) {
        const fits = terms.slice(1).every((term, index) => term === (terms[index] ?? 0) * Number(factor));
        const one = constant(real, 1);
        const repair =
          one === undefined
            ? undefined
            : { at: 0, text: `The differences are ${real.join(', ')}, so each term adds ${one}` };
        yield fits ? right(number) : wrong(number, factor, `${terms[0]} times ${factor} is not ${terms[1]}`, repair);
      }
      const step = /\beach term (?:adds|increases by|goes up by) (\d+)\b/i.exec(text)?.[1];
      if (step !== undefined) {
        const fits = real.every((difference) => difference === Number(step));
        const one = constant(real, 1);
        yield fits
          ? right(number)
          : wrong(number, step, `the differences are ${real.join(', ')}`, inPlaceOf(step, text, one));
      }
      const down = /\beach term (?:subtracts|decreases by|goes down by) (\d+)\b/i.exec(text)?.[1];
      if (down !== undefined) {
        const fits = real.every((difference) => difference === -Number(down));
        const one = constant(real, -1);
        yield fits
          ? right(number)
          : wrong(number, down, `the differences are ${real.join(', ')}`, inPlaceOf(down, text, one));
      }
    }
  },
});

/** How far each step goes in this direction, if all go as far. */
function constant([first = 0, ...others]: readonly number[], direction: 1 | -1): number | undefined {
  return first * direction > 0 && others.every((one) => one === first) ? first * direction : undefined;
}
