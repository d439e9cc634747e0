import { expect, it } from 'vitest';
import { judgeLines } from './judge-lines.ts';

const shirts = 'Tom buys 3 shirts at 5 dollars each and pays with 100 dollars. How much is left?';

it.each([
  ['', 'Spending 1/3 leaves 2/3.'],
  ['', '555 ÷ 125 = 4 with a remainder of 555 - (4 × 125) = 55.'],
  ['', '1/2 leaves 5 slices.'],
  ['', '12 ÷ 4 leaves 3 for each.'],
  ['', '12 ÷ 4 leaves 3, so each has 3.'],
  ['', '-17 ÷ 5 leaves 3.'],
  ['', '100 - 18 ÷ 5 leaves 2.'],
  ['', '5001 divided by 4000 is 1 remainder 1,001.'],
  ['', '10 × 100 = 1000, plus 500 is 1,500.'],
  ['', '10 × 100 = 1000, plus 500 is 1.5 thousand.'],
  ['', '2 × 30 = 60, plus 30 is 1 hour and 30 minutes.'],
  ['', '2 × 30 = 60, plus 30 is 1 1/2 hours.'],
  ['He works five days a week.', 'One week is 5 days.'],
  ['He works 5 school days per week.', 'One week is 5 days.'],
  ['He works five days a week.', '12 days is 2 weeks and 2 days.'],
  ['', 'One hour is 15 minutes more than 45 minutes.'],
  ['', 'Twenty-one hours is 1260 minutes.'],
  ['', '3 hours 80 minutes is 4 hours and 20 minutes.'],
  ['', '2 hours and 15 minutes is 1 hour and 75 minutes.'],
  ['', '24 hours minus 90 minutes is 22 hours and 30 minutes.'],
  ['', 'Another 50 minutes makes 2 hours and 10 minutes.'],
  ['', '135 minutes is 1 hour and 75 minutes.'],
  ['', '100 minutes is 1 hour and 5 minutes less than 165 minutes.'],
  ['', '2 + 3 = 5, which is 4 hours and 60 minutes.'],
  ['', '60 × 90 = 5400, which is 1 hour and 30 minutes.'],
  // What is left to divide is said, or divided, in a line of its own.
  ['', 'I divide 297 by 9.\n9 × 30 = 270, and 297 - 270 = 27.\n27 is left.\n9 × 3 = 27, and 27 - 27 = 0.'],
  ['', 'I divide 297 by 9.\n9 × 30 = 270, and 297 - 270 = 27.\n27 is left.'],
  ['', 'I divide 297 by 9.\n9 × 30 = 270, and 297 - 270 = 27.\nThe remainder is 27.\n9 × 3 = 27, and 27 - 27 = 0.'],
  ['', 'I divide 297 by 9.\n9 × 30 = 270, and 297 - 270 = 27.\n27 ÷ 9 = 3.\nSo the answer is 33.'],
  ['', 'I divide 297 by 9.\n9 × 30 = 270, and 297 - 270 = 27.\nSo the quotient is 30 + 3 = 33 and the remainder is 0.'],
  ['', 'I divide 297 by 9.\n9 × 30 = 270, and 297 - 270 = 27.\nSo the quotient is about 30.'],
  ['', 'I divide 58 by 9.\n9 × 7 = 63, and 58 - 63 = -5.\nThat is too much.\n9 × 6 = 54, and 58 - 54 = 4.'],
  // No division.
  [shirts, '5 × 3 = 15, and 100 - 15 = 85.\nThe remainder is 85 dollars.'],
  [
    'Tom has 100 dollars, pays 3 shirts at 5 dollars each, and shares the rest equally with Ann. What has she?',
    '5 × 3 = 15, and 100 - 15 = 85.\nThe remainder is 85.',
  ],
  ['', 'I divide 8638 by 7.\n7 × 1234 = 8638, and 8638 - 8638 = 0.\nSo the quotient is 1,234.'],
  ['', 'I divide 100 by 8.\n8 × 12 = 96, and 100 - 96 = 4.\nSo the quotient is 13 when rounded up.'],
  ['', 'I divide 100 by 8.\n8 × 12 = 96, and 100 - 96 = 4.\nRounded up, the quotient is 13.'],
  ['', 'I divide 100 by 8.\n8 × 12 = 96, and 100 - 96 = 4.\nSo the quotient is 2 digits long.'],
  ['', 'I divide 100 by 8.\n8 × 12 = 96, and 100 - 96 = 4.\nSo the quotient is 12 and the remainder is 4/8 of a part.'],
  ['', 'I divide 100 by 8.\n8 × 12 = 96, and 100 - 96 = 4.\nSo the quotient is 12.5.'],
  ['', 'I divide 10 by 2.5.\n2 × 2 = 4, and 10 - 4 = 6.\nSo the quotient is 4.'],
])('%s has nothing against: %s', async (question, thought) => {
  expect(await judgeLines('remainders', question, thought)).not.toMatchObject({ verdict: 'fail' });
});

it.each([
  ['', '57 ÷ 3 leaves 1.', '1'],
  ['', '57/5 leaves a remainder of 3.', '3'],
  ['', '17 divided by 5 is 3 with a remainder of 1.', '1'],
  ['', '7 × 3 = 21, plus 4 is 26.', '26'],
  ['', '25 days is 3 weeks and 5 days, because 7 × 3 = 21.', '5'],
  ['', 'So 25 days is 3 weeks and 5 days.', '5'],
  ['How many minutes are 3 hours?', 'One of the hours is 50 minutes.', '50'],
  ['Is 839 divisible by 6?', '6 × 138 = 828, and 839 - 828 = 11.\nThe remainder is 11, so the answer is no.', '138'],
  ['How often does 6 go into 839?', '6 × 138 = 828, and 839 - 828 = 11.\nThe remainder is 11.', '138'],
  ['', 'I divide 58 by 9.\n9 × 5 = 45, and 58 - 45 = 13.\nSo the answer is 5.', '5'],
])('%s finds %s', async (question, thought, wrong) => {
  expect(await judgeLines('remainders', question, thought)).toMatchObject({ verdict: 'fail', wrong });
});
