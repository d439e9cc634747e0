import { expect, it } from 'vitest';
import { judgeLines } from './judge-lines.ts';

it.each([
  '3 more than twice 5 is 13.',
  '10 minus half of 6 is 7.',
  '100 plus 20% of 100 is 120.',
  '100 + 20% of 100 is 120.',
  'Adding 20% of 100 is 120.',
  'The sum of 4 and half of 6 is 7.',
  'half of $1 is 50 cents.',
  'Half of £1 is 50p.',
  'Half of 3 is 90 minutes.',
  'Half of $10 is €4.',
  'one and a half of 4 is 6.',
  '12 1/2% of 80 is 10.',
  '1,000% of 5 is 50.',
  'Half of 10 is 2 more than 3.',
  'Half of 10 is 2 apples more than 3.',
  'Half of 10 is 20 minus 15.',
  '5 is half of 10, which is 20 divided by 2.',
  'Half of 2000 is 1 thousand.',
  'Half of 1 is 50%.',
  'Twice 1 is 4 halves.',
  '10% of 1.000 is 100.',
  'If half of 6 is 4, then 6 is 8.',
  'It is wrong: half of 6 is 4.',
  'Does it hold: half of 6 is 4?',
  'A third of 100 is 33.33.',
])('has nothing against: %s', async (line) => {
  expect(await judgeLines('proportions', '', line)).not.toMatchObject({ verdict: 'fail' });
});

it.each([
  ['10% of 300 is 31.', '31'],
  ['5% is half of 30, which is 16.', '16'],
  ['So half of $80 is $50.', '50'],
  ['Then 10% of 80 is 9 dollars.', '9'],
  ['The discount: 25% of 1,000 is 205.', '205'],
  ['10% of 80 is 8 and 5% of 80 is 5.', '5'],
  ['10% of 80 is 8, so 5% of 80 is 5.', '5'],
])('finds %s', async (line, wrong) => {
  expect(await judgeLines('proportions', '', line)).toMatchObject({ verdict: 'fail', wrong });
});
