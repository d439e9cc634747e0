import { describe, expect, it } from 'vitest';
import { answerValue, conclusionOf } from '../../src/reasoning/answer-value.ts';

describe('conclusionOf', () => {
  it.each([
    ['5 + 9 = 14.\nSo the answer is 14.', '14'],
    ['So the answer is 5. Wait.\nSo the answer is 6.', '6'],
    ['The final answer is: **7**.', '7'],
    ['… \\boxed{x^{2}} …', 'x^{2}'],
    ['6 × 3 = 18\n#### 18', '18'],
    ['So the answer is 3.5.', '3.5'],
    ['So the answer is 4, 38, 58.', '4, 38, 58'],
    ['**Answer**: 5', '5'],
    ['**Final answer:** 5 apples', '5 apples'],
    ['## Answer\n\n5', '5'],
    ['**Answer**\n5', '5'],
    ['The **answer** is **5**, as said.', '5, as said'],
    ['The answer is 2**3.', '2**3'],
    ['The answer is Dr. Smith.', 'Dr. Smith'],
    ['The answer is St. Louis. It lies on a river.', 'St. Louis'],
    ['The answer is John F. Kennedy. He won.', 'John F. Kennedy'],
    ['The answer is J. K. Rowling.', 'J. K. Rowling'],
    ['The answer is B. The others are wrong.', 'B'],
    ['The answer is Vitamin C. It is in fruit.', 'Vitamin C'],
  ])('%j concludes %s', (text, conclusion) => {
    expect(conclusionOf(text)).toBe(conclusion);
  });

  it('gives nothing where nothing is concluded', () => {
    expect(conclusionOf('The differences are 2, 2.')).toBeUndefined();
  });
});

describe('answerValue', () => {
  it.each([
    ['The answer is Wednesday.', '', 'wednesday'],
    ['{"answer": 18}', '', '18'],
    ['Therefore, after eating three and giving four away, she makes $18 every day.', 'How much does she make?', '18'],
    ['It takes **3** bolts.', 'How many bolts?', '3'],
    ['18', '', '18'],
    ['The answer is that she makes 18.', 'How many?', '18'],
  ])('%s: %s', (answer, question, key) => {
    expect(answerValue(answer, question)).toMatchObject({ key });
  });

  it.each([
    ['**Answer**: 5', '**Answer**: 7'],
    ['**Answer**\n\n5', '**Answer**\n\n7'],
    ['**Note:** it takes 3 days.', '**Note:** it takes 4 days.'],
    ['The answer is Dr. Smith.', 'The answer is Dr. Jones.'],
    ['The answer is 2**3.', 'The answer is 23.'],
  ])('keeps %j and %j apart', (a, b) => {
    const [one, other] = [answerValue(a, 'How many?'), answerValue(b, 'How many?')];
    expect(one).toBeDefined();
    expect(other).toBeDefined();
    expect(one).not.toEqual(other);
  });

  it('takes a value in bold type from a short answer, and a number from a long one that was asked for it', () => {
    const long = `${'First she feeds the ducks and then she counts the eggs. '.repeat(4)}`;
    expect(answerValue('The slowest of them is **Cleo**.', '')).toMatchObject({ key: 'cleo' });
    expect(answerValue(`${long}So it is **18** eggs at 2 dollars.`, 'How many eggs?')).toMatchObject({ key: '18' });
    expect(answerValue(`${long}I would call it **lovely**.`, 'How many eggs?')).toBeUndefined();
    expect(answerValue(`${long}I would call it **lovely**.`, 'Write a story.')).toBeUndefined();
    const letter = answerValue('Dear Ann,\nthe picnic is on **Saturday**, all of us come.', 'Write a letter.');
    expect(letter?.key).not.toBe('saturday');
  });

  it('reads nothing from free text', () => {
    const letter = `Dear Ann, ${'the garden is lovely and we miss you. '.repeat(5)}`;
    expect(answerValue(letter, 'Write a letter.')).toBeUndefined();
    expect(answerValue('  ', '')).toBeUndefined();
  });
});
