import { z } from 'zod';
import { answerValue, conclusionOf } from '../answers/answer-value.ts';
import { normalise, sameAnswer, showAnswer } from '../answers/normalise.ts';
import { abstain, defineCheck, fail, pass } from './check.ts';

/** `not 12`, `less than 12`: the value is read as 12 all the same, because most words before a number say nothing of it. */
const limited =
  /(?:\bnot|n['’]t|\bnever|\bunlikely to be|\b(?:less|more|fewer|greater|smaller|larger|lower|higher) than|\bat (?:least|most)|\b(?:under|over|above|below|up to))\s+(?:\p{L}+\s+){0,2}\W?$/iu;

/** Says of its only number that it is not the answer, or a limit of it. */
function limitsNumber(text: string): boolean {
  const [found, ...others] = text.matchAll(/\d[\d.,:/]*/g);
  return found !== undefined && others.length === 0 && limited.test(text.slice(0, found.index).slice(-60));
}

/** Equality with a value that the caller knows, for those who test or who hold part of the answer. */
export const expected = defineCheck({
  name: 'expected',
  description: 'The answer is the value that the caller expects, however it is written.',
  judges: 'value',
  confirms: true,
  options: z.object({ value: z.union([z.string(), z.number(), z.boolean()]) }),
  run({ answer, question }, { options }) {
    const value = answerValue(answer, question);
    if (sameAnswer(value ?? normalise(answer), normalise(String(options.value)))) {
      if (value?.kind === 'number' && limitsNumber(conclusionOf(answer) ?? answer))
        return abstain('the answer only limits the value');
      return pass('the answer is the expected value');
    }
    // The expected value is not named: the reason becomes part of a revision's prompt.
    return value === undefined
      ? abstain('the answer has no value to read')
      : fail('the answer is not the expected value', { wrong: showAnswer(value) });
  },
});
