import { describe, expect, it } from 'vitest';
import { normalise, showAnswer } from '../../src/answers/normalise.ts';
import { sentenceValues } from '../../src/answers/sentence-values.ts';
import { isAttachedUnit, isMeasureWord } from '../../src/answers/units.ts';
import { equationsOf } from '../../src/checks/equations/equations.ts';
import { judge } from '../checks/judge.ts';

const read = (text: string) => showAnswer(normalise(text));

/** One value in many writings: an answer and an equation read each of them alike. */
describe.each([
  ['1200', ['1,200', '1{,}200', '1200.00', '12 × 10^2', '12 \\times 10^{2}', '12 \\cdot 10²']],
  ['1/2', ['0.5', '.5', '1/2', '\\frac{1}{2}', '\\dfrac{1}{2}', '2⁻¹']],
  ['8', ['2^3', '2³', '2**3', '2^{3}', '\\textbf{8}', '\\displaystyle 8']],
])('%s', (value, writings) => {
  it.each(writings)('is what %s says', (written) => {
    expect(read(written)).toBe(value);
    expect(equationsOf(`${written} = ${value}`)).toMatchObject([{ verdict: 'pass' }]);
  });
});

describe('a unit in LaTeX or plain', () => {
  it.each([
    ['5\\,\\text{km}', '5 km'],
    ['5\\,\\mathrm{km}', '5 km'],
    ['5\\;kg', '5 kg'],
    ['1.5 \\text{ kilograms}', '3/2 kg'],
    ['90^{\\circ}', '90 degree'],
    ['40\\%', '40 %'],
    ['$18', '18 dollar'],
    ['5 USD', '5 dollar'],
    ['£3', '3 pound'],
    ['2 hours 30 minutes', '5/2 hour'],
    ['3 m²', '3 square m'],
    ['60 km/h', '60 km per hour'],
  ])('%s is %s, alone and in a sentence', (written, value) => {
    expect(read(written)).toBe(value);
    const found = sentenceValues(`So it is ${written}, all in all.`).flatMap((one) => one.value ?? []);
    expect(found.map(({ key }) => key)).toContain(normalise(written).key);
  });

  it('every name of a measure may stand behind a number in an equation, but for the preposition', () => {
    const names = 'hr yr wk mo millisecond gramme kilo lb usd gal pt metre litre inches centuries pennies'.split(' ');
    expect(names.filter((name) => !isMeasureWord(name))).toEqual([]);
    expect(['in', 'apple', 'of'].filter(isMeasureWord)).toEqual([]);
    expect(['km', 'in', 'USD', 'pm', 'kJ'].filter((name) => !isAttachedUnit(name))).toEqual([]);
  });

  it.each([
    ['How many metres is it?', '7 meters', 'pass'],
    ['How many litres is it?', '7 liters', 'pass'],
    ['How many kilometres is it?', '7 meters', 'fail'],
    ['How many kilos is it?', '7 tons', 'fail'],
    ['How many decades is it?', '7 minutes', 'fail'],
    ['How many feet is it?', '7 minutes', 'abstain'],
    ['How many in total?', '7 feet', 'abstain'],
    ['Which are in S?', '7 minutes', 'abstain'],
  ])('the check of units knows the same names: %s %s', async (question, answer, verdict) => {
    expect(await judge('units', { question, answer })).toMatchObject({ verdict });
  });
});

describe('a month', () => {
  it.each([
    ['March 5', '--03-05'],
    ['Mar. 5', '--03-05'],
    ['Sept 3', '--09-03'],
    ['5th of May', '--05-05'],
  ])('%s is a date, alone and in a sentence', (written, key) => {
    expect(normalise(written)).toEqual({ kind: 'date', key });
    if (!/^\d/.test(written)) expect(sentenceValues(`It is on ${written}.`)[0]?.value).toEqual({ kind: 'date', key });
  });
});

it('a count of list items is read in words and digits', async () => {
  const answer = '- a\n- b\n- c';
  for (const count of ['three', '3']) {
    const question = `Please list ${count} colours.`;
    expect(await judge('answer-form', { question, answer })).toMatchObject({ verdict: 'pass' });
  }
});
