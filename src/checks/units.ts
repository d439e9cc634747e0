import { z } from 'zod';
import { answerValue } from '../answers/answer-value.ts';
import { unitName } from '../answers/units.ts';
import { abstain, defineCheck, fail, pass } from './check.ts';

/** Units that can't stand for one another: an answer in one where another was asked for is wrong. */
const dimensions = [
  ['second', 'minute', 'hour', 'day', 'week', 'month', 'year'],
  ['mm', 'cm', 'm', 'km', 'inch', 'foot', 'yard', 'mile', 'millimeter', 'centimeter', 'meter', 'kilometer'],
  ['mg', 'g', 'kg', 'gram', 'kilogram', 'ounce', 'pound', 'ton'],
  ['ml', 'l', 'milliliter', 'liter', 'cup', 'pint', 'quart', 'gallon'],
  ['cent', 'dollar', 'euro', 'yen'],
];

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
    const clash = asked.find((one) => dimensions.some((names) => names.includes(one) && names.includes(unit)));
    return clash !== undefined
      ? fail(`${clash} was asked for, not ${unit}`, { wrong: value.key })
      : abstain('units can’t be compared');
  },
});

/** The measures behind `how many …` or `in …`, singular; `in second place` and `how many second graders` name none. */
function askedUnits(question: string): string[] {
  return [...question.matchAll(/\b(?:how many|how much|in)\s+([A-Za-z]+)/gi)].flatMap(([, written = '']) => {
    const word = written.toLowerCase();
    const single = word === 'feet' ? 'foot' : word.replace(/(inch)es$/, '$1').replace(/s$/, '');
    if (single === word && word.length > 2 && word !== 'yen') return [];
    return dimensions.some((names) => names.includes(single)) ? [unitName(single) ?? single] : [];
  });
}
