import type { Repair } from './check.ts';
import { defineLineCheck, inPlaceOf, right, wrong } from './line-check.ts';
import { numberList } from './number-lists.ts';

/** `second differences are` and `their differences are` are of something else. */
const listed =
  /(?<!\b(?:second|third|their|next|other|these)\s)\bdifferences are (-?\d+(?:\.\d+)?(?:, (?:and )?-?\d+(?:\.\d+)?)+)/i;
/** What is done to each term, and nothing more: `multiplied by 2 and 1 is added` is more. */
const whole = String.raw`(\d+(?:\.\d+)?)(?![\d/%]|\.\d|,? (?:and|then|plus|minus|more|less|times|percent)\b| [-+×*])`;
const multiplied = new RegExp(String.raw`\beach term is (?:multiplied by|times) ${whole}`, 'i');
const added = new RegExp(String.raw`\beach term (?:adds|increases by|goes up by) ${whole}`, 'i');
const growing = /\bthey grow by (\d+(?:\.\d+)?) each time/i;
const subtracted = new RegExp(String.raw`\beach term (?:subtracts|decreases by|goes down by) ${whole}`, 'i');

/** The differences between the terms of the question's sequence. */
export const differences = defineLineCheck({
  name: 'differences',
  description: 'The differences that a line names are those between the terms of the question’s sequence.',
  *statements({ lines, question }) {
    const terms = numberList(question);
    if (terms.length < 3) return;
    const real = steps(terms);
    const times = multiplication(terms);
    for (const { number, text } of lines) {
      const said = listed.exec(text)?.[1];
      if (said !== undefined) {
        const named = (said.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number);
        // A falling sequence's differences may be told without their sign, and what follows may be those between them.
        const isFalling = real.every((step) => step <= 0) && named.join() === real.map(Math.abs).join();
        const isNext = named.join() === steps(real).join();
        if (named.join() !== real.join() && !isFalling && !isNext)
          yield wrong(
            number,
            said,
            `the differences are ${real.join(', ')}`,
            times ?? inPlaceOf(said, text, real.join(', ')),
          );
        else yield right(number);
      }
      const growth = growing.exec(text)?.[1];
      if (growth !== undefined) {
        const seconds = steps(real);
        const [grows] = seconds;
        const isConstant = seconds.every((one) => one === grows);
        const repair = times ?? (isConstant ? inPlaceOf(growth, text, grows, text.search(/grow by/i)) : undefined);
        if (!isConstant || Number(growth) !== grows)
          yield wrong(number, growth, `they grow by ${seconds.join(', ')}`, repair);
      }
      const factor = multiplied.exec(text)?.[1];
      if (factor !== undefined) {
        const fits = terms.slice(1).every((term, index) => exact(term) === exact((terms[index] ?? 0) * Number(factor)));
        const one = constant(real, 1);
        const repair =
          one === undefined
            ? undefined
            : { at: 0, text: `The differences are ${real.join(', ')}, so each term adds ${one}` };
        yield fits ? right(number) : wrong(number, factor, `${terms[0]} times ${factor} is not ${terms[1]}`, repair);
      }
      const step = added.exec(text)?.[1];
      if (step !== undefined) {
        const fits = real.every((difference) => difference === Number(step));
        const one = constant(real, 1);
        yield fits
          ? right(number)
          : wrong(number, step, `the differences are ${real.join(', ')}`, inPlaceOf(step, text, one));
      }
      const down = subtracted.exec(text)?.[1];
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

/** `2 × 3 = 6 and 6 × 3 = 18, so each term is multiplied by 3.`, where that is so. */
function multiplication(terms: readonly number[]): Repair | undefined {
  const [first = 0, second = 0, third = 0] = terms;
  const factor = second / first;
  const holds = Number.isInteger(factor) && factor > 1;
  if (!holds || terms.some((term, index) => index > 0 && term !== (terms[index - 1] ?? 0) * factor)) return undefined;
  const shown = `${first} × ${factor} = ${second} and ${second} × ${factor} = ${third}`;
  return { at: 0, text: `${shown}, so each term is multiplied by ${factor}.` };
}

function steps(terms: readonly number[]): number[] {
  return terms.slice(1).map((term, index) => exact(term - (terms[index] ?? 0)));
}

/** Without what floating point adds. */
function exact(value: number): number {
  return Number(value.toFixed(9));
}

/** How far each step goes in this direction, if all go as far. */
function constant([first = 0, ...others]: readonly number[], direction: 1 | -1): number | undefined {
  return first * direction > 0 && others.every((one) => one === first) ? first * direction : undefined;
}
