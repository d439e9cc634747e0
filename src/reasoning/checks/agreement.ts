import { z } from 'zod';
import { answerValue, conclusionOf } from '../answer-value.ts';
import { normalise, sameAnswer, showAnswer } from '../normalise.ts';
import { abstain, defineCheck, fail, pass } from './check.ts';

/** The answer says what the thought concluded. */
export const agreement = defineCheck({
  name: 'agreement',
  description: 'The answer says what the thought concluded.',
  judges: 'value',
  options: z.looseObject({}),
  run({ thought, answer, question }) {
    const concluded = conclusionOf(thought);
    const value = answerValue(answer, question);
    if (concluded === undefined || value === undefined) return abstain('thought or answer has no conclusion to read');
    const conclusion = normalise(concluded);
    if (sameAnswer(conclusion, value) || answer.toLowerCase().includes(concluded.toLowerCase())) {
      return pass('thought and answer agree');
    }
    if (conclusion.kind !== value.kind) return abstain('thought and answer can’t be compared');
    return fail('the answer is not what the thought concludes', {
      wrong: showAnswer(value),
      quoting: `the thought concludes ${showAnswer(conclusion)}, the answer says ${showAnswer(value)}`,
    });
  },
});
