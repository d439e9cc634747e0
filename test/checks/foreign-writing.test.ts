import { describe, expect, it } from 'vitest';
import { judge as judgeBy } from './judge.ts';

const judge = (thought: string, { question = '', answer = '' } = {}) =>
  judgeBy('arithmetic', { question, thought, answer });

// How people and other models write: algebra, LaTeX, sciences, work that goes on behind an equals sign, second thoughts.
describe('the arithmetic check of lines that the small model does not write', () => {
  it.each([
    ['unknowns that are unit signs elsewhere', '6s - 4 = 116'],
    ['with spaces', '3 m + 20 - 2 m = 27'],
    ['with powers', '-18 = -1.6 s^2 - 3.2 s'],
    ['in brackets', '(6 + 2d)^2 = 36 + 24d + 4d^2'],
    ['the article’s letter', '4a + 3 = 7a - 12'],
    ['behind a fraction', '\\frac{1}{2} a^2 = \\frac{1}{2}(50) = 25'],
    ['two letters', '10 × 5 = 2xy'],
    ['sides of a triangle', '400 - 20KM + 30KM = 500'],
    ['a remark behind a power', '16 \\cdot 10^9 = 1.6 \\cdot 10^{10} (11 digits)'],
    ['two capitals', '1156 + 1156 = 2 QM² + 512'],
    ['with an index', '25P_J - 5 = 150'],
    ['x1 and x2', '2x1x2 + 256 = 300'],
    ['a Greek letter', 'V = \\frac{4}{3} \\pi (6)^3 = \\frac{4}{3} \\pi \\cdot 216 = 288 \\pi'],
    ['a function', '5 cos^2 A = 1'],
    ['a LaTeX function', '7 = (2)(7) \\sin \\theta'],
    ['powers of ten of units', '9.5 μm = 9.5 x 10^-6 meters'],
    ['a conversion under way', '6.5 mm = 6.5 ÷ 10 = 0.65 cm'],
    ['from one unit to its thousandth', '2.1 \\times 4000 = 8.4 \\text{ kJ}'],
    ['coins', '40 nickels = 40 x 0.05 = 2 dollars'],
    ['things for their prices', '3 pencils + 1 eraser = 124 cents'],
    ['things for what they hold', '1 red + 2 clear = 20 + 40 = 60 beads'],
    ['percent in LaTeX', '3/16 = 18.75 \\%'],
    ['division by a percentage', '168 / 20% = 840'],
    ['a percentage of something', '48 = 100% + 20% = 120% of it'],
    ['a condition in a bracket', 'P(k = 4) = 1/210'],
    ['a remark in brackets', '3 (8) + 2 (6) = 5 rows'],
    ['what a word stands for', '2 neutrons (2 × 3 quarks) = 1 × 3 + 2 × 3'],
    ['a sum that began before its words', 'his 25 pupils + his 1 teacher + 1 himself = 27'],
    ['numbers of days', 'Day 2 = Day 1 + 50 = 100 + 50 = 150'],
    ['a value behind an option', 'C: 22 - 2 + 20 = 22'],
    ['work that goes on', '3600 + 1080 = 4680 + 72 = 4752'],
    ['work that goes on from a part', '25 + 49 + 81 + 81 = 25 + 49 = 74, plus 81 is 155, plus 81 is 236'],
    ['work on a part of less than nothing', '-42 + 14 - 21 = -42 + 14 = -28; -28 - 21 = -49'],
    ['a part that is read out', '12 + 15 + 6 + 17 = 12 + 15 is 27, 27 + 6 is 33, 33 + 17 is 50'],
    ['work on one factor', '17 × 219 = 17 × 200 = 3400, 17 × 19 = 323, together 3723'],
    ['work on the last term', '150 + 5 × 15 = 75, so 225'],
    ['a percentage of what follows', '100% - 20% = 80% of 50'],
    ['rounded numbers under way', '56 × 3/7 = 56 × 0.42857'],
    ['a rounded sum', '4 - 3.333 = 0.666'],
    ['what floating point adds', '2000 / 75 = 26.666666666666668'],
    ['a rounded power', '(1 + 0.08/12)^(5*12) = (1.0066666667)^60'],
    ['a number rounded to thousands', '245533500 * 0.8442 = 207280000'],
    ['a fraction glued', '25 / 1/3 = 75'],
    ['a size', 'The cost for 2x4x10 boards = 10 * $10 = $100'],
    ['a proportion with a unit', '\\frac{72.61}{13.6} = \\frac{1000 \\mathrm{~g}}{\\mathrm{x}}'],
    ['both factors below the line', '3 × 32 / 2 × 12 = 4'],
    ['a power of ten that is converted', '1.6 \\times 10^7 Pa = \\frac{1.6 \\times 10^7}{101325} atm'],
    ['what a step gives', 'Subtracting 4 gives \\[-21 = -25 + 4\\]'],
    ['another base', 'So 0x7701 = 30465 in decimal'],
    ['an assignment', 'so B -= 2 * 31 = 0 is left'],
    ['a power as in Python', '(142)**2 - 4*9*27 = 20164 - 972'],
    ['a cycle of letters', 'F - 7 = 6 - 7 = -1 + 26 = 25'],
    ['what the next one would be', 'Behind -73 would be -73 + (-47) = -120'],
    ['a negative base', '-25.5^2 = 650.25'],
    ['a full turn', '360 + 180 degrees = 180 degrees clockwise'],
    ['ways there and back', '9 steps backward + 9 steps forward = 0 steps'],
    ['a running total', 'Bernard: 5 = 5 + 7 = 12'],
    ['days of a month', 'because Oct 14 - Oct 1 + 1 = 14'],
    ['a whole division', 'x = 108 + 69/2 = 108 + 34 = 142'],
    ['an exclusive or', 'The XOR gate: 1 ^ 1 = 0'],
    ['zeros that follow', '10^15 × 243 = 243 followed by 15 zeros'],
    ['digits that are added up', '123 = 1 + 2 + 3 = 6'],
    ['an ordinal', '520 (7th grade) + 650 (8th grade) = 1170'],
    ['after an approximation', 'A ≈ 63.66 * 100 = 6366.19'],
    ['what is shown not to hold', '(2 - 1) * 5 = 10 * 1, which is 5 = 10, not true'],
    ['what does not work', 'b = (2013 - 8) / 4 = 502.75. This doesn’t work.'],
    ['what is too much', '7 + 9 + 12 = 30. Too high.'],
    ['a second thought', 'So 13 × 12 = 146. Wait, 13 × 12 is 156.'],
    ['a test', '3 × 3 × 2.5 = 20 \\neq 16'],
  ])('has nothing against %s', async (_, line) => {
    expect(await judge(line), line).not.toMatchObject({ verdict: 'fail' });
    expect(await judge('', { answer: line }), line).not.toMatchObject({ verdict: 'fail' });
  });

  it.each([
    ['a power modulo 11', '8^3 = 8 × 9 = 72, and all this is mod 11'],
    ['a line that doubts the one before', '900 + 90 + 180 = 1800.\nBut wait, that is too much.'],
    ['one that says what it is not', '900 + 90 + 180 = 1800.\nI add again: 990 and 180, which is not 1800.'],
    ['one found not to be it', '900 + 90 + 180 = 1800.\nThat is 990 and 180. Well, that’s not 1800.'],
    ['one denied', '5 + 6 = 12\nnot 12 but 11'],
    ['one worked out again', '999 - 101 + 1 = 900.\nNow the even ones.\nLet me re-check: 999 - 101 + 1 = 899.'],
  ])('has nothing against %s', async (_, thought) => {
    expect(await judge(thought)).not.toMatchObject({ verdict: 'fail' });
  });

  it.each(['24 / 2 * 3 = 4', '60 / 3 * 4 = 5', '-3^2 = 9', 'C: 22 - 2 + 20 = 22'])(
    'says nothing of %s, which may be read in two ways',
    async (line) => {
      expect(await judge(line)).toMatchObject({ verdict: 'abstain' });
    },
  );

  it('puts right what is worked out in another order', async () => {
    expect(await judge('24 / 2 * 3 = 35')).toMatchObject({ repair: { at: 13, text: '36' } });
  });

  it('puts a short line right, and leaves a long one', async () => {
    const slip = '10 × 45 + 2 × 45 = 400 + 80';
    expect(await judge(slip)).toMatchObject({ repair: { text: '540' } });
    const long = await judge(`${'We go on. '.repeat(60)}${slip}`);
    expect(long).toMatchObject({ verdict: 'fail' });
    expect(long).not.toMatchObject({ repair: { text: '540' } });
  });

  it('has nothing against powers with the same last digit, where that is asked for', async () => {
    const question = 'What is the last digit of 18^6?';
    expect(await judge('18^6 = 8^6', { question })).not.toMatchObject({ verdict: 'fail' });
  });

  it.each([
    ['\\( 1{,}200 + 300 = 1{,}600 \\)', '1600'],
    ['$$4 \\times 25 = 110$$', '110'],
    ['so $2^{10} = 1000$ here', '1000'],
    ['12 \\text{ apples} + 5 \\text{ apples} = 18 \\text{ apples}', '18'],
    ['5 m + 3 m = 9 m', '9'],
    ['25% of 80 = 30', '30'],
    ['64 + 46 = 120, so 120 + 30 = 150', '120'],
    ['x \\geq 5 + 3 = 9', '9'],
    ['18087 - 9979 = 8100', '8100'],
    ['5 boys + 7 girls = 13 children', '13'],
    ['1.496^2 = 2.240016', '2.240016'],
    ['4.20 + 9.45 + 1.35 = 14.90', '14.90'],
    ['Option B: 3 × 18 = 64', '64'],
    ['Wait, what about the rest? So 5 + 3 = 9.\nThen 2 + 2 = 5.', '5'],
    ['1/2 + 1/3 = 2/5', '2 / 5'],
    ['2/3 * 3/4 = 5/7', '5 / 7'],
    ['1/2 * 1/3 = 2/3', '2 / 3'],
    ['5/6 - 1/3 = 4/3', '4 / 3'],
    ['24 / 2 * 3 = 35', '35'],
    ['8 * 7 = 8 * 6', '8 * 6'],
    ['24 * 5 = 20 * 5 = 100', '20 * 5'],
    ['6 + 7 + 8 = 6 + 7 = 13', '6 + 7'],
    ['2 + 3 * 4 = 12', '12'],
    ['10 - 2 * 3 = 6. So 6 are left.', '6'],
    ['5 + 6 = 12. Let me check.', '12'],
    ['100% - 20% = 0.7', '0.7'],
    ['C: 22 - 2 = 21', '21'],
    [`1/3 + 1/4 = 0.58${'4'.repeat(140)}`, `0.58${'4'.repeat(140)}`],
    ['4 * 7 = 27\nLet me check it: 4 * 7 = 28\nSo the answer is 27.', '27'],
    ["12 * 5 = 70\nLet's add 12 * 5 = 60 and 10.\n70 + 10 = 80\nSo the answer is 80.", '70'],
    ['Let me use 3 * 4 = 13, and again 3 * 4 = 12.', '13'],
    ['5 + 6 = 12\nThere are not 12 pears but more.', '12'],
  ])('still fails %s', async (line, wrong) => {
    expect(await judge(line)).toMatchObject({ verdict: 'fail', wrong });
  });
});
