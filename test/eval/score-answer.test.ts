import { describe, expect, it } from 'vitest';
import { readQuestionSet } from '../../eval/question-set.ts';
import { scoreAnswer } from '../../eval/score-answer.ts';

describe('scoreAnswer', () => {
  it.each([
    ['The answer is 18.', '18'],
    ['The answer is 1,234.', '1234'],
    ['The answer is -99.', '-99'],
    ['The answer is −99.', '-99'],
    ['The answer is $18.00.', '18'],
    ['The answer is 18 dollars.', '18'],
    ['The answer is 16.4.', '16.40'],
    ['The answer is 9/2.', '4.5'],
    ['**Answer:** 42', '42'],
    ['{"answer": 42}', '42'],
    ['So 6 × 7 = \\boxed{42}', '42'],
    ['6 × 7 = 42', '42'],
    ['18', '18'],
    ['She makes 9 times 2 = $18 a day.', '18'],
    ['The answer is 70000.', '70,000'],
    ['The answer is 5:30.', '5:30'],
    ['It ends at 05:30', '5:30'],
    ['The answer is 4, 38, 58, 82.', '4, 38, 58, 82'],
    ['The answer is 1100, 2.', '1100, 2'],
    ['The answer is fruits, gifts, supposed.', 'fruits, gifts, supposed'],
    ['The answer is yes.', 'yes'],
    ['Yes, it is.', 'yes'],
    ['The answer is False.', 'False'],
    ['The answer is c-h-o-o-s-e.', 'c-h-o-o-s-e'],
    ['The answer is Yusuf.', 'Yusuf'],
    ['The shortest is Jack.', 'Jack'],
    ['The answer is r.', 'r'],
    ['The answer is "r".', 'r'],
    ['The answer is Sunday.', 'Sunday'],
    ['First I thought the answer is 4.\nThe answer is 5.', '5'],
  ])('takes %j as %j', (text, expected) => {
    expect(scoreAnswer(text, '', expected)).toBe(true);
  });

  it.each([
    ['The answer is 18.', '8'],
    ['The answer is 8, 18.', '18'],
    ['The answer is 180.', '18'],
    ['It is not 18.', '18'],
    ['She has less than 18 of them in the end.', '18'],
    ['The answer is -18.', '18'],
    ['', '18'],
    ['I do not know.', '18'],
    ['The answer is 5:03.', '5:30'],
    ['The answer is 4, 38, 82, 58.', '4, 38, 58, 82'],
    ['The answer is 4, 38, 58.', '4, 38, 58, 82'],
    ['The answer is gifts, fruits.', 'fruits, gifts'],
    ['The answer is yes.', 'no'],
    ['The answer is choose.', 'c-h-o-o-s-e'],
    ['The answer is c-h-o-s-e.', 'c-h-o-o-s-e'],
    ['The answer is Leo or Yusuf.', 'Yusuf'],
    ['The answer is Sunday.', 'Monday'],
    ['The answer is .', 'r'],
  ])('does not take %j as %j', (text, expected) => {
    expect(scoreAnswer(text, '', expected)).toBe(false);
  });
});

describe('scoreAnswer, over the fixed sets', () => {
  it.each(['eval/sets/generated.jsonl', 'eval/sets/gsm8k-dev.jsonl', 'eval/sets/everyday.jsonl'])(
    'takes the right answer of %s in the model’s form',
    async (path) => {
      const { questions } = await readQuestionSet({ set: path });
      const refused = questions.filter(
        ({ question, answer }) =>
          !scoreAnswer(`The answer is ${answer}.`, question, answer) || !scoreAnswer(answer, question, answer),
      );
      expect(refused).toEqual([]);
    },
  );
});
