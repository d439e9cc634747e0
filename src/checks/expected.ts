import { z } from 'zod';
import { answerValue } from '../answers/answer-value.ts';
import { normalise, sameAnswer, showAnswer } from '../answers/normalise.ts';
import { abstain, defineCheck, fail, pass } from './check.ts';

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
      return pass('the answer is the expected value');
    }
    // The expected value is not named: the reason becomes part of a revision's prompt.
    return value === undefined
      ? abstain('the answer has no value to read')
      : fail('the answer is not the expected value', { wrong: showAnswer(value) });
  },
});
