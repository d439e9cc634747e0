import { expect, it } from 'vitest';
import { judgeLines } from './judge-lines.ts';

it.each([
  '7 < 20 + 5.',
  '40 < 100 - 20.',
  '9:45 is less than 10:15.',
  '10:45 < 11:00.',
  '−7 < 4.',
  '−5 is less than 3.',
  'negative 5 is less than 3.',
  '8 −5 is more than 2.',
  'x −5 is more than 2.',
  '$1 is more than 50 cents.',
  '$1 > 50 cents.',
  '50 cents is less than $1.',
  '50 is less than 1 dollar.',
  '£10 is more than €11.',
  '2 million is more than 900,000.',
  '900,000 < 2 million.',
  '900 is less than 2k.',
  '1 hour 10 minutes is more than 60 minutes.',
  '1 foot is less than 1 foot 5 inches.',
  '3 quarters is less than 1.',
  '5 squared is more than 20.',
  '7 is less than 3 squared.',
  '3 is less than 3 1/2.',
  '3 is less than 3 and a half.',
  '5 is less than 3!',
  '3 more than 4 is larger than 5.',
  '7 is less than 3 plus 6.',
  'The product of 3, 4 is more than 10.',
  '1,25 is less than 1,5.',
  '1.200 is more than 900.',
  'It is not true that 5 is less than 3.',
  '5 < 3 is False.',
  'I stop when 3 is more than 5.',
  'Version 3.10 is higher than 3.9.',
  'Rank 1 is higher than 2.',
  '−5 is larger than 3 in absolute value.',
  'For $x^{2}-11>0$ the root counts.',
  '$(k-1) \\log_{10} 2 < 1$',
  'It works, as 16 is at most 17<5\\cdot4.',
  'The priority is 1 > 2 > 3 > 4.',
  'Because 6 < 1 is not correct, it is the other one.',
  'Louis: 7 < 5 → excluded.',
])('has nothing against: %s', async (line) => {
  expect(await judgeLines('comparison', '', line)).not.toMatchObject({ verdict: 'fail' });
});

it.each([
  ['40 is greater than 90, so stay with 90.', 'greater'],
  ['90 is less than 80, so 15.9 is smaller than 15.80.', 'less'],
  ['45 minutes is more than 60 minutes.', 'more'],
  ['$3 is more than $5.', 'more'],
  ['1,200 is less than 900.', 'less'],
  ['So 5 < 3.', 'less'],
  ['So −7 > 4.', 'greater'],
  ['3 is less than −4.', 'less'],
  ['12 is less than 9 so keep 9.', 'less'],
])('finds %s', async (line, wrong) => {
  expect(await judgeLines('comparison', '', line)).toMatchObject({ verdict: 'fail', wrong });
});
