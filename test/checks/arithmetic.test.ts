import { describe, expect, it } from 'vitest';
import { corruptDigit, seededRandom } from '../../eval/corrupt-digit.ts';
import { judge as judgeBy } from './judge.ts';
import { trueThoughts } from './true-thoughts.ts';

const judge = (thought: string, answer = '') => judgeBy('arithmetic', { thought, answer });

describe('the arithmetic check', () => {
  it.each([
    ['7 + 5 + 1 = 13.'],
    ['11 × 30 = 10 × 30 + 1 × 30 = 300 + 30 = 330.'],
    ['Multiplication comes first: 9 × 19 = 171 and 12 × 18 = 216.'],
    ['She pays $1,250.50 + $249.50 = $1,500.'],
    ['25 × -1 = -25'],
    ['The tickets cost 7 x 19 = 133 dollars.'],
    ['So 20% of 50 = 10.'],
    ['3 ÷ 4 = 0.75 = 75%'],
    ['1/3 + 1/6 = 1/2'],
    ['(5 + 3 = 8)'],
    ['1) 5 + 3 = 8'],
    ['**2 · 3 = 6**'],
    ['x = 5 + 3 = 8'],
    ['\\frac{1}{2} + 0.25 = 0.75'],
    ['2^10 = 1024'],
    ['96 − 80 = 16, and 16 – 16 = 0.'],
    ['1 hour × 60 = 60 minutes'],
    ['33 = 3 × 11, so it is not prime.'],
    ['5 red apples + 3 red apples = 8 red apples.'],
    ['4:30 is late. 5 + 3 = 8'],
  ])('passes %s', async (line) => {
    expect(await judge(line)).toMatchObject({ verdict: 'pass' });
  });

  it.each([
    ['7 + 5 + 1 = 12.', '12'],
    ['11 × 30 = 300 + 30 = 320.', '320'],
    ['9 × 19 = 171 and 12 × 18 = 218.', '218'],
    ['She pays $1,250 + $250 = $1,600.', '1600'],
    ['Each gets 90 ÷ 3 = 31 cookies', '31'],
    ['Ones: borrow, 11 - 3 = 9.', '9'],
    ['20% of 50 = 15', '15'],
    ['11 × 11 = 122 trees.', '122'],
    ['0.1 + 0.2 = 0.4', '0.4'],
    ['5 packs × 6 cookies = 31 cookies', '31'],
  ])('fails %s and names what is wrong', async (line, wrong) => {
    expect(await judge(`First.\n${line}`)).toMatchObject({ verdict: 'fail', line: 1, wrong });
  });

  it.each([
    ['100 ÷ 3 = 33.33'],
    ['17 ÷ 5 = 3 remainder 2'],
    ['17 / 5 = 3 R2'],
    ['10 / 3 = 3.3…'],
    ['x + 5 = 9'],
    ['2x + 3 = 7'],
    ['n - 4 = 10'],
    ['3x = 9'],
    ['Half of 54 = 28'],
    ['1 hour = 60 minutes'],
    ['5 km + 300 m = 5300 m'],
    ['One dozen = 12'],
    ['4:05 + 1:55 = 6:00'],
    ['5 + 3 = ?'],
    ['9^9^9 = 1'],
    ['5 + 3 ≈ 9'],
    ['5 + 3 == 9'],
    ['f(3) = 9'],
    ['No numbers here.'],
    ['5 = 6 x 7y'],
  ])('abstains on %s', async (line) => {
    expect(await judge(line)).toMatchObject({ verdict: 'abstain' });
  });

  // Times, counting words, other notations, and what is not stated: no false alarm, whatever it is a miss of.
  it.each([
    ['11 am + 3 hours = 2 pm'],
    ['9 am - 5 pm = 8 hours'],
    ['9 + 5 = 2 in the afternoon'],
    ['2 dozen + 3 = 27'],
    ['27 = 2 dozen and 3'],
    ['1.5 million + 500 thousand = 2 million'],
    ['1.5 million dollars + 500 thousand dollars = 2 million dollars'],
    ['5 tens + 3 ones = 53'],
    ['3 tenths + 2 hundredths = 0.32'],
    ['1/2 + 1/4 = 3 quarters'],
    ['20 ÷ 50 = 40 percent'],
    ['5 squared + 3 = 28'],
    ['3 and 1/2 = 3.5'],
    ['7/2 = 3 and 1/2 = 3.5'],
    ['3\\frac{1}{2} + 1 = 4.5'],
    ['3 point 5 + 1 = 4.5'],
    ['1 h 45 min + 30 min = 2 h 15 min'],
    ['1 hour and 45 minutes + 30 minutes = 2 hours and 15 minutes'],
    ['5 ft 3 in + 2 ft = 7 ft 3 in'],
    ['1 kilometre + 500 metres = 1500 metres'],
    ['90 + 30 = 2 hours'],
    ['12 : 4 = 3'],
    ['3 : 4 = 6 : 8'],
    ['$50 + 20% = $60'],
    ['17 % 5 = 2'],
    ['2 = 17 mod 5'],
    ['1/5 + 3 days = 1/8'],
    ['2024-01-05 + 3 days = 2024-01-08'],
    ['pages 10-15 = 6 pages'],
    ['It is not 2 + 2 = 5.'],
    ["It isn't true that 2 + 2 = 5."],
    ['If 1 + 1 = 3 then pigs fly.'],
    ['Suppose 2 + 2 = 5.'],
    ['Does 2 + 2 = 5 hold?'],
    ['2 + 2 = 5 does not hold.'],
    ['2 + 2 = 5, which is wrong.'],
    ['"2 + 2 = 5" is false.'],
    ['12 ✕ 4 = 48'],
    ['12 ⁄ 4 = 3'],
    ['12 ∶ 4 = 3'],
    ['12 ＋ 4 = 16'],
    ['12 － 4 = 8'],
    ['12 ‒ 4 = 8'],
    ['48 = 12 ⊗ 4'],
    ['5 ± 3 = 8'],
    ['25 = 5²'],
    ['18 = 2 × 3²'],
    ['120 = 5!'],
    ['10 = 2√25'],
    ['10 = 2\\sqrt{25}'],
    ['a_1 + 2 = 5'],
    ['sqrt(9 + 16) = 5'],
    ['gcd(12, 18) = 6'],
    ['The sum of 1, 2, 3 = 6'],
    ['The sum of 5 and 3 + 2 = 10'],
    ['(2, 3) + (1, 4) = (3, 7)'],
    ['8 = 3 plus 5'],
    ['15 = 6 choose 2'],
    ['120 = 60 miles per hour × 2'],
    ['2 + 3 = 101 in binary'],
  ])('has nothing against %s', async (line) => {
    expect(await judge(line)).not.toMatchObject({ verdict: 'fail' });
    expect(await judge('', line)).not.toMatchObject({ verdict: 'fail' });
  });

  it.each([
    ['Step 2: 5 + 3 = 9', '9'],
    ['2) 5 + 3 = 9', '9'],
    ['7 × 3 = 21 and 25 - 21 = 5', '5'],
    ['If each has 5, then 5 × 3 = 16.', '16'],
    ['It does not matter. 5 + 3 = 9', '9'],
    ['So 12 ✕ 4 = 47', '47'],
    ['12 ∶ 4 = 4', '4'],
    ['5² = 26', '26'],
    ['5 + 3 = 9 → 9 + 1 = 10', '9'],
    ['→ 5 + 3 = 9', '9'],
    ['2 hours + 3 hours = 6 hours', '6'],
    ['5 apples + 3 apples = 9 apples in all, and 2 left.', '9'],
    ['(5 + 3) × 2 = 17', '17'],
    ['Total cost: 3 × $4 = $13', '13'],
    ['9 × 12 = 008.', '008'],
  ])('still fails %s', async (line, wrong) => {
    expect(await judge(line)).toMatchObject({ verdict: 'fail', wrong });
  });

  it('passes lines that the chain itself takes back', async () => {
    const thought = '5 + 7 = 13.\nWait, 13 is wrong. I do that step again.\n5 + 7 = 12.';
    expect(await judge(thought)).toMatchObject({ verdict: 'pass' });
  });

  it('judges the answer too', async () => {
    expect(await judge('', 'It is 5 + 7 = 13.')).toMatchObject({ verdict: 'fail', wrong: '13' });
  });

  it('has no false alarm on true thoughts and finds one wrong digit in each', async () => {
    const random = seededRandom(7);
    for (const { thought, answer } of trueThoughts()) {
      expect(await judge(thought, answer), thought).not.toMatchObject({ verdict: 'fail' });
      const wrong = corruptDigit(thought, random);
      if (wrong !== undefined) expect(await judge(wrong.text), wrong.line).toMatchObject({ verdict: 'fail' });
    }
  });
});

it('a product that was split wrong is found in the line that says it again', async () => {
  const thought = '70 × 8 = 70 × 8 + 7 × 8 = 560 + 56 = 616.';
  expect(await judgeBy('arithmetic', { question: 'What is 70 x 8?', thought })).toMatchObject({
    verdict: 'fail',
    line: 0,
  });
});

it.each([
  ['90 × 9 + 0 × 9 = 810 + 9 = 819.', '810 + 9'],
  ['70 × 8 = 70 × 8 + 0 × 8 = 560 + 8 = 568.', '560 + 8'],
  ['0 × 7 + 40 × 7 = 7 + 280 = 287', '7 + 280'],
  ['50 × 6 - 0 × 6 = 300 - 6 = 294', '300 - 6'],
])('a term that is nothing and becomes something is found: %s', async (thought, wrong) => {
  expect(await judgeBy('arithmetic', { thought })).toMatchObject({ verdict: 'fail', wrong });
});

it.each(['64 + 46 = 110 + 30 = 140', '7 + 0 = 7 + 3 = 10', '12 × 5 = 60 + 8 = 68'])(
  'but a sum that goes on is not: %s',
  async (thought) => {
    expect(await judgeBy('arithmetic', { thought })).not.toMatchObject({ verdict: 'fail' });
  },
);

it('knows the turns before the last', async () => {
  const question = 'And plus 10?';
  const conversation = `What is 59 × 46?\nIt is 59 × 46 = 2714.\n${question}`;
  const thought = '59 × 46 = 2714, so 2714 + 10 = 2724.';
  expect(await judgeBy('arithmetic', { question, conversation, thought })).toMatchObject({ verdict: 'pass' });
  const clock = 'We count on a 12-hour clock.\nAnd 9 + 5?';
  expect(
    await judgeBy('arithmetic', { question: 'And 9 + 5?', conversation: clock, thought: '9 + 5 = 2' }),
  ).toMatchObject({ verdict: 'abstain' });
});
