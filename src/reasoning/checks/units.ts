import { z } from 'zod';
import { answerValue } from '../answer-value.ts';
import { abstain, defineCheck, fail, pass } from './check.ts';

/** Units that can't stand for one another: an answer in one where another was asked for is wrong. */
const dimensions = [
  ['second', 'minute', 'hour', 'day', 'week', 'month', 'year'],
  ['mm', 'cm', 'm', 'km', 'inch', 'foot', 'yard', 'mile', 'millimeter', 'centimeter', 'meter', 'kilometer'],
  ['mg', 'g', 'kg', 'gram', 'kilogram', 'ounce', 'pound', 'ton'],
  ['ml', 'l', 'milliliter', 'liter', 'cup', 'pint', 'quart', 'gallon'],
  ['cent', 'dollar', 'euro', 'yen'],
];
const sameUnit = new Map([
  ['millimeter', 'mm'],
  ['centimeter', 'cm'],
  ['meter', 'm'],
  ['kilometer', 'km'],
  ['gram', 'g'],
  ['kilogram', 'kg'],
  ['milliliter', 'ml'],
  ['liter', 'l'],
]);

/** The answer is in the unit that was asked for, and a percentage where one was. */
export const units = defineCheck({
  name: 'units',
  description: 'The answer is in the unit, or is the percentage, that the question asks for.',
  judges: 'value',
  options: z.looseObject({}),
  run({ question, answer }) {
    const value = answerValue(answer, question);
    if (value?.kind !== 'number' || value.unit === undefined) return abstain('the answer names no unit');
    const unit = sameUnit.get(value.unit) ?? value.unit;
    if (/\bwhat (?:percent|percentage)\b/i.test(question)) {
      return unit === '%'
        ? pass('a percentage')
        : fail(`a percentage was asked for, not ${unit}`, { wrong: value.key });
    }
    const asked = askedUnit(question);
    if (asked === undefined) return abstain('the question names no unit');
    if (asked === unit) return pass(`in ${unit}`);
    const clash = dimensions.some((names) => names.includes(asked) && names.includes(unit));
    return clash
      ? fail(`${asked} was asked for, not ${unit}`, { wrong: value.key })
      : abstain('units can’t be compared');
  },
});

/** The measure behind `how many …` or `in …`, singular, of the question's last sentence that has one. */
function askedUnit(question: string): string | undefined {
  const matches = [...question.matchAll(/\b(?:how many|how much|in)\s+([A-Za-z]+)/gi)];
  for (const match of matches.reverse()) {
    const word = (match[1] ?? '').toLowerCase();
    const single = word === 'feet' ? 'foot' : word.replace(/(inch)es$/, '$1').replace(/s$/, '');
    if (dimensions.some((names) => names.includes(single))) return sameUnit.get(single) ?? single;
  }
  return undefined;
}
