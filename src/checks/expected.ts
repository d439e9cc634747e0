import { z } from 'zod';
import { answerValue } from '../answers/answer-value.ts';
import { normalise, sameAnswer, showAnswer } from '../answers/normalise.ts';
import { limitsOf } from '../answers/sentence-values.ts';
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
    if (value === undefined) return abstain('the answer has no value to read');
    // `at least 12` may be what the caller means by 12.
    if (value.kind === 'text' && limitsOf(value.key).length > 0) return abstain('the answer only limits the value');
    // The expected value is not named: the reason becomes part of a revision's prompt.
    return fail('the answer is not the expected value', { wrong: showAnswer(value) });
  },
});
