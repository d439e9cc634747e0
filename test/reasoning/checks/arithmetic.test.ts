import { describe, expect, it } from 'vitest';
import { corruptDigit, seededRandom } from '../../../eval/corrupt-digit.ts';
import { arithmetic } from '../../../src/reasoning/checks/arithmetic.ts';
import { trueThoughts } from './true-thoughts.ts';

const judge = (thought: string, answer = '') =>
  arithmetic.run(
    { question: '', thought, answer },
    { options: {}, services: {}, signal: new AbortController().signal },
  );

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
