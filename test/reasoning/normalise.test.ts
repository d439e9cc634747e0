import { describe, expect, it } from 'vitest';
import { normalise, sameAnswer, showAnswer } from '../../src/reasoning/normalise.ts';

describe('normalise', () => {
  it.each([
    ['1,200', 'number', '1200'],
    ['1200.50', 'number', '2401/2'],
    ['0.75', 'number', '3/4'],
    ['3/4', 'number', '3/4'],
    ['1 1/2', 'number', '3/2'],
    ['-5', 'number', '-5'],
    ['−5', 'number', '-5'],
    ['seven', 'number', '7'],
    ['**18**', 'number', '18'],
    ['\\boxed{\\frac{1}{2}}', 'number', '1/2'],
    ['$18$', 'number', '18'],
    ['18.', 'number', '18'],
    ['Yes.', 'truth', 'yes'],
    ['No, it is not', 'truth', 'no'],
    ['True', 'truth', 'true'],
    ['6:05', 'time', '06:05'],
    ['6:05 pm', 'time', '18:05'],
    ['12 am', 'time', '00:00'],
    ['2024-03-05', 'date', '2024-03-05'],
    ['March 5, 2024', 'date', '2024-03-05'],
    ['5th March 2024', 'date', '2024-03-05'],
    ['Mar 5', 'date', '--03-05'],
    ['(B)', 'choice', 'b'],
    ['B. The second one', 'choice', 'b'],
    ['4, 38, 58', 'list', '4, 38, 58'],
    ['apples, pears and plums', 'list', 'apples, pears, plums'],
    ['- 4\n- 38', 'list', '4, 38'],
    ['{"b": 1, "a": [2]}', 'json', '{"a":[2],"b":1}'],
    ['The Wednesday', 'text', 'wednesday'],
    ['“Paris”', 'text', 'paris'],
  ])('%s is the %s %s', (written, kind, key) => {
    expect(normalise(written)).toMatchObject({ kind, key });
  });

  it.each([
    ['$18', '18 dollars', true],
    ['$18', '18', true],
    ['18 cookies', '18', true],
    ['18 cookies', '18 cookie', true],
    ['2 cities', '2 city', true],
    ['3 hrs', '3 hours', true],
    ['3 hours', '3 minutes', false],
    ['75%', '75', true],
    ['75%', '75 percent', true],
    ['0.5', '1/2', true],
    ['6:05', '06:05', true],
    ['18', '18.5', false],
    ['4, 38', '38, 4', false],
    ['yes', 'true', false],
    ['b', 'B)', true],
  ])('%s and %s: %s', (a, b, same) => {
    expect(sameAnswer(normalise(a), normalise(b))).toBe(same);
  });

  it('shows the unit', () => {
    expect(showAnswer(normalise('$18.00'))).toBe('18 dollar');
  });
});
