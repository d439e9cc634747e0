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

  it('reads nothing from free text', () => {
    const letter = `Dear Ann, ${'the garden is lovely and we miss you. '.repeat(5)}`;
    expect(answerValue(letter, 'Write a letter.')).toBeUndefined();
    expect(answerValue('  ', '')).toBeUndefined();
  });
});
