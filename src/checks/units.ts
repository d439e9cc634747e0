import { z } from 'zod';
import { answerValue } from '../answers/answer-value.ts';
import { dimensionOf, singular, unitName } from '../answers/units.ts';
import { abstain, defineCheck, fail, pass } from './check.ts';

/** The answer is in the unit that was asked for, and a percentage where one was. */
export const units = defineCheck({
  name: 'units',
  description: 'The answer is in the unit, or is the percentage, that the question asks for.',
  judges: 'value',
  standard: 'always',
  options: z.object({}),
  run({ question, answer }) {
    const value = answerValue(answer, question);
    if (value?.kind !== 'number' || value.unit === undefined) return abstain('the answer names no unit');
    const { unit } = value;
    if (/\bwhat (?:percent|percentage)\b/i.test(question)) {
      if (/^(?:%|per|per ?cent|pct|percentage)$/.test(unit)) return pass('a percentage');
      return /^(?:of|out|in|to|points?)$/.test(unit)
        ? abstain('units can’t be compared')
        : fail(`a percentage was asked for, not ${unit}`, { wrong: value.key });
    }
    const asked = askedUnits(question);
    if (asked.length === 0) return abstain('the question names no unit');
    if (asked.includes(unit)) return pass(`in ${unit}`);
    const clash = asked.find((one) => dimensionOf(one) !== undefined && dimensionOf(one) === dimensionOf(unit));
    return clash !== undefined
      ? fail(`${clash} was asked for, not ${unit}`, { wrong: value.key })
      : abstain('units can’t be compared');
  },
});

/** `how many in total`, `in S`: these are seldom inches, seconds and hours. */
const notAsked = new Set(['in', 's', 'h']);

/** The measures after `how many …` or `in …`, singular; `in second place` and `how many second graders` name none. */
function askedUnits(question: string): string[] {
  return [...question.matchAll(/\b(?:how many|how much|in)\s+([A-Za-z]+)/gi)].flatMap(([, written = '']) => {
    const word = written.toLowerCase();
    const single = singular(word);
    const isAsked = single !== word || word === 'feet' || word === 'yen' || (word.length <= 2 && !notAsked.has(word));
    return isAsked && dimensionOf(single) !== undefined ? [unitName(single) ?? single] : [];
  });
}
