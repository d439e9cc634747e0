import { describe, expect, it } from 'vitest';
import { answerValue, conclusionOf } from '../../src/answers/answer-value.ts';
import { sameAnswer } from '../../src/answers/normalise.ts';

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
    // A small model may forget the space.
    ['The answer isnihplod.', 'nihplod'],
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

  const apart: Array<[a: string, b: string, question?: string]> = [
    ['It takes 2 hours 30 minutes.', 'It takes 5 hours 30 minutes.'],
    ['It takes 2 hours and 30 minutes.', 'It takes 30 minutes.'],
    ['She is 5 feet 6 inches tall.', 'She is 6 feet 6 inches tall.', 'How tall is she?'],
    ['It is −5 degrees.', 'It is 5 degrees.', ''],
    ['It is minus 5.', 'It is 5.', ''],
    ['It costs $3 million.', 'It costs $3.'],
    ['It is 3½.', 'It is 3.'],
    ['It takes 1 000 steps.', 'It takes 2 000 steps.'],
    ['It is 10^3.', 'It is 3.'],
    ['It is 1e3.', 'It is 3.'],
    ['It is 5 R 2.', 'It is 2.'],
    ['It is 5 R 2.', 'It is 6 R 2.'],
    ['It is 10 square meters.', 'It is 10 square feet.'],
    ['It goes 60 miles per hour.', 'It goes 60 miles.'],
    ['It ends at 05:30.', 'It ends at 06:30.'],
    ['It ends at 05:30.', 'It is 30.'],
    ['The ratio is 3:4.', 'The ratio is 1:4.'],
    ['The answer is 6 × 7.', 'The answer is 5 × 7.'],
    ['It takes 5-10 minutes.', 'It takes 10 minutes.'],
    ['It takes 5 to 10 minutes.', 'It takes 10 minutes.'],
    ['It is 5 or 6.', 'It is 6.'],
    ['It is 1/2/2024.', 'It is 3/4/2024.'],
    ['It is on March 5.', 'It is on May 5.'],
    ['Paris has 2 airports.', 'Rome has 2 airports.', 'Which city has the most airports?'],
    ['It is 12 or 13.', '13'],
    ['She has 12 apples or 13 apples.', '13'],
    ['It is between 10 and 12.', '12'],
    ['between 10 and 12', '10, 12'],
    ['at least 12, at most 15', '12'],
    ['x > 12', 'x < 12', 'Solve 2x + 1 < 25.'],
    ['It starts after 5:30 pm.', '5:30 pm', 'When does it start?'],
    ['Before 1969.', '1969', 'When was it?'],
    ['He does not have more than $12.', '$12'],
    ['It is less than **12**.', '12'],
  ];
  it.each(apart)('keeps %j and %j apart in a sentence', (a, b, question = 'How many are there?') => {
    const [one, other] = [answerValue(a, question), answerValue(b, question)];
    expect(one !== undefined && other !== undefined && sameAnswer(one, other)).toBe(false);
  });

  const together: Array<[a: string, b: string, question?: string]> = [
    ['It takes 2 hours and 30 minutes in all.', '150 minutes'],
    ['It is −5 degrees.', '-5', ''],
    ['So she has 12 left.', '12 apples'],
    ['It costs $3 million in all.', '3,000,000'],
    ['It takes 1 000 steps.', '1000'],
    ['It is 1e3.', '1000'],
    ['6 × 7 = 42', '42'],
    ['There are 2 x 3 = 6 apples.', '6'],
    ['She works a 12-hour shift.', '12 hours'],
    ['It ends at 5:30 pm.', '17:30'],
    ['It went up from 10 to 15.', '15'],
    ['3.848 is bigger.', '3.848', 'Which number is bigger: 3.39 or 3.848?'],
    ['The bigger number is 3.848.', '3.848', 'Which number is bigger: 3.39 or 3.848?'],
    ['Mark has 5 apples.', '5'],
    ['She has 1,200, as said.', '1200'],
    ['It is 75% of them.', '75'],
    ['He finished 3rd.', '3'],
    ['The total is 10 - 4 = 6.', '6'],
    // What is no limit.
    ['There are about 12 left.', '12'],
    ['There are almost 12.', '12'],
    ['12, more or less.', '12'],
    ['12 or so', '12'],
    ['They add up to 12.', '12'],
    ['That brings the total up to 12.', '12'],
    ['She turned over 12 cards.', '12', 'How many cards did she turn over?'],
    ['It is not hard: 12.', '12'],
    ['It is not 10, it is 12.', '12'],
    ['It is not 10 but 12.', '12'],
    ['She did not buy 3, so she has 12.', '12'],
    ['The students who did not pass are 12.', '12'],
    ['=> 12', '12'],
    ['<b>12</b>', '12'],
    // What the answer is compared with.
    ['It is 12, not 13.', '12'],
    ['The answer is 12, not 13.', '12'],
    ['12 rather than 13', '12'],
    ['It is 12, which is less than 20.', '12'],
    ['About 12, but no more than 15.', '12'],
    ['She needs 5 buses, at least 3 of them red.', '5'],
    ['There are 8 primes less than 20.', '8', 'How many primes are less than 20?'],
    ['There are 8 numbers between 10 and 20.', '8', 'How many numbers are between 10 and 20?'],
    ['He spends $60 over 30 days.', '60', 'How much does he spend over 30 days?'],
    // Asked for a limit, by its name or as what one needs or can have.
    ['She needs at least 5 buses.', '5', 'What is the least number of buses?'],
    ['She needs at least 5 buses.', '5', 'How many buses does she need?'],
    ['She needs at least **5** buses.', '5', 'How many buses does she need?'],
    ['She needs **at least 5** buses.', '5', 'How many buses does she need?'],
    ['The smallest number is at least 5.', '5', 'What is the smallest number?'],
    ['5 buses or more', '5', 'How many buses are needed?'],
    ['At least five.', '5', 'How many buses are needed?'],
    ['It holds up to 12 people.', '12', 'How many people can it hold?'],
    ['No more than 12.', '12', 'What is the largest number of coins?'],
    ['He could not sell 12.', '12', 'How many could he not sell?'],
  ];

  it.each(together)('takes %j as %j', (a, b, question = 'How many are there?') => {
    const [one, other] = [answerValue(a, question), answerValue(b, question)];
    expect(one !== undefined && other !== undefined && sameAnswer(one, other)).toBe(true);
  });

  const limits: Array<[key: string, answers: string[]]> = [
    ['less than 12', ['less than', 'fewer than', 'under', 'below', '<']],
    ['more than 12', ['more than', 'over', 'above', '>', 'higher than', 'more than about']],
    ['at least 12', ['at least', 'no less than', 'not fewer than', 'greater than or equal to', 'a minimum of', '≥']],
    ['at most 12', ['at most', 'no more than', 'not more than', 'up to', 'a maximum of', 'within', '<=']],
    ['between 10 and 12', ['between 10 and']],
    ['not 12', ['not', 'never', 'not exactly', 'anything other than']],
  ];
  it.each(limits)('takes %s for one answer of its own, however it is written', (key, written) => {
    for (const limit of written)
      for (const answer of [`${limit} 12`, `The answer is ${limit} 12.`, `There are ${limit} 12 left, all in all.`])
        expect(answerValue(answer, 'How many are left?'), answer).toEqual({ kind: 'text', key });
  });

  it.each([
    ['12 or more', 'at least 12'],
    ['12 apples or fewer', 'at most 12'],
    ['There are 12 left at most.', 'at most 12'],
    ['12 (at least)', 'at least 12'],
    ['twelve or more', 'at least 12'],
    ['There are less than twelve.', 'less than 12'],
    ['It weighs over 12 kg.', 'more than 12 kg'],
    ['It is colder than 12.', 'colder than 12'],
    ['It is **not** 12.', 'not 12'],
    ['It is not **12**.', 'not 12'],
    ["The answer isn't 12.", 'not 12'],
    ["It can't be 12.", 'not 12'],
    ['She does not have 12 left.', 'not 12'],
    ["I don't think it is 12.", 'not 12'],
    ['not twelve', 'not 12'],
    ['It is 12 hours at most.', 'at most 12 hour'],
    ['x < 12', 'x < 12'],
    ['2x < 12', '2x < 12'],
    ['Neither 12 nor 13.', 'neither 12 nor 13'],
  ])('takes %j for %s', (answer, key) => {
    expect(answerValue(answer, 'How many are left?')).toEqual({ kind: 'text', key });
  });

  it.each([
    'It is neither 12 nor 13.',
    `${'She feeds the ducks and then she counts the eggs, '.repeat(4)}less than 12.`,
  ])('reads no value from %j', (answer) => {
    expect(answerValue(answer, 'How many are left?')).toBeUndefined();
  });

  it('reads no value from a long text whose last number is none', () => {
    const long = 'First she feeds the ducks and then she counts the eggs. '.repeat(4);
    expect(answerValue(`${long}It is 5 R 2.`, 'How many?')).toBeUndefined();
    expect(answerValue(`${long}It takes 2 hours 30 minutes.`, 'How many?')).toMatchObject({ key: '5/2', unit: 'hour' });
  });

  it.each([`${'1 '.repeat(20_000)}x`, `5${' '.repeat(40_000)}x`, `${'a'.repeat(40_000)}5`])(
    'reads a long run in one pass',
    (text) => {
      expect(() => answerValue(text, 'How many?')).not.toThrow();
    },
  );

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

  const capital = 'What is the capital of France?';
  const program = 'Write a Python function that reverses a string.';

  it.each([
    ['The answer is actually a mathematical formula that is often misunderstood.', capital],
    ['The meaning of it is actually a mathematical formula that is often misunderstood.', 'What is the meaning of it?'],
    ['Paris. It lies on the Seine.', capital],
    ['17 is a prime number.', 'Is 17 a prime number?'],
    ['sea, a, sea, a, sea, a, sea, a, sea, a', 'Say it.'],
    ['Roses are red,\nviolets are blue', 'Go on.'],
    ['The sea, the sea,\nso blue, so free,\nunder the sky', 'Write a poem about the sea.'],
    ['I saw 3 birds over the sea.', 'Write a poem about the sea.'],
    ['The sky is blue because of Rayleigh scattering.', 'Why is the sky blue?'],
    ['Hello! I am fine.', 'Hello! How are you?'],
    ['I’m delighted to help', 'Hello! How are you?'],
    ['row row row', 'Say it.'],
    ['春天来了，万物复苏，百花齐放，大地一片生机。', '写一句关于春天的话。'],
    ['春が来ました。花が咲きます。', '春について書いてください。'],
    ['```python\nprint(reverse_string("Hello, World!")) # Output: "dlrow olleh"\n```', program],
    ['```python\nprint(reverse_string("Hello', program],
    ['def reverse(s):\n    answer = s[::-1]', program],
    ['Sure, here it is:\n```python\ndef reverse(s):\n  answer = s[::-1]\n  return answer\n```\nReversed text', program],
    ['```python\nreturn s[::-1]\n```\nReversed text', program],
    ['const answer = 5;', program],
  ])('takes %j for an answer in words', (answer, question) => {
    expect(answerValue(answer, question)).toBeUndefined();
  });

  it.each([
    ['The capital of France is Paris.', 'paris', capital],
    ['Paris is the capital of France.', 'paris', capital],
    ['Paris is the capital and largest city of France.', 'paris', capital],
    ['The capital of France is Paris, which lies on the Seine.', 'paris', capital],
    ['The answer is Paris, the capital of France.', 'paris', capital],
    ['It is Paris.', 'paris', capital],
    ['Hamlet was written by William Shakespeare.', 'william shakespeare', 'Who wrote Hamlet?'],
    ['The 44th president of the USA was Barack Obama.', 'barack obama', 'Who was the 44th president of the USA?'],
    ['Jack is the shortest.', 'jack', 'Who is the shortest: Jack, Jill or Joe?'],
    ['The shortest is Jack.', 'jack', 'Who is the shortest: Jack, Jill or Joe?'],
    ['A brick is heavier.', 'brick', 'Which is heavier, a feather or a brick?'],
    ['The primary colors are red, blue and yellow.', 'red, blue, yellow', 'What are the primary colors?'],
    ['The moon landing was on July 20, 1969.', '1969-07-20', 'When was the moon landing?'],
    ['A spider has eight legs.', '8', 'How many legs has a spider?'],
    ['一共有42个苹果。', '42', '一共有多少个苹果？'],
    ['정답은 12입니다.', '12', '사과는 모두 몇 개입니까?'],
    ['答えは42個です。', '42', 'りんごは何個ありますか。'],
    ['Es sind 12 Äpfel.', '12', 'Wie viele Äpfel sind es?'],
    ['Il y en a 12 en tout.', '12', 'Combien y en a-t-il ?'],
    ['Всего 12 яблок.', '12', 'Сколько всего яблок?'],
    ['北京', '北京', '中国的首都是哪里？'],
    ['Yes, 17 is prime, as nothing but one and itself divides it.', 'yes', 'Is 17 a prime number?'],
    ['No. 91 is 7 × 13.', 'no', 'Is 91 prime?'],
    ['One Hundred Years of Solitude', 'one hundred years of solitude', 'Which book is it?'],
    ['The Man Who Knew Too Much', 'man who knew too much', 'Which film is it?'],
    ['will', 'will', 'Who is the youngest?'],
    ['f-i-n-i-s', 'f-i-n-i-s', 'Spell it.'],
    ['b, a, n, a, n, a', 'b, a, n, a, n, a', 'How do you spell banana?'],
    ['0, 1, 0, 1, 0, 1, 0, 1', '0, 1, 0, 1, 0, 1, 0, 1', 'What comes next?'],
    ['x^2 + 3x - 4 = 0', 'x^2 + 3x - 4 = 0', 'Which equation is it?'],
    ['```json\n{"a": 1}\n```', '{"a":1}', 'Give the JSON.'],
    ['{"code": "def f(x): return x"}', '{"code":"def f(x): return x"}', 'Give the JSON.'],
    ['```\n4\n```', '4', 'What is 2 + 2?'],
    ['```python\nprint(2 + 2)\n```\nThe answer is 4.', '4', 'What does it print?'],
  ])('reads %j as %s', (answer, key, question) => {
    expect(answerValue(answer, question)).toMatchObject({ key });
  });

  it.each([
    ['What has he?', 'Paris is it, and he has none, '.repeat(2000)],
    ['What has he?', `${'is '.repeat(20_000)}x`],
    ['Which?', '```'.repeat(20_000)],
    ['Which?', `${'function '.repeat(10_000)}(`],
    ['How many?', 'one, '.repeat(20_000)],
  ])('reads a long text in one pass, asked %s', (question, text) => {
    expect(() => answerValue(text, question)).not.toThrow();
  });
});
