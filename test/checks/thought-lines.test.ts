import { expect, it } from 'vitest';
import { isProof, isTakeBack, standingLines } from '../../src/checks/thought-lines.ts';

it.each([
  'Check: 419 + 193 = 603.',
  'Double-check: 4 + 5 = 9.',
  '**Check:** 4 + 5 = 9.',
  'To verify, 4 + 5 = 9.',
  'Let me verify that 4 + 5 = 9.',
  'Now I check the last digit: 3 × 4 = 12.',
  'Check 4 + 5 = 9.',
])('%s is a proof', (line) => {
  expect(isProof(line)).toBe(true);
});

it.each([
  'Checking account balance: 5 + 3 = 9.',
  'Check 1 is for $5 + $3 = $9.',
  'Checkers and chess: 3 + 4 = 8.',
  'Verified users: 3 + 5 = 9.',
  'Proofreading costs 3 × 4 = 13.',
  'The check: 3 + 4 = 8.',
])('%s is none', (line) => {
  expect(isProof(line)).toBe(false);
});

it.each([
  'But wait, that is too much.',
  'This is not what was asked.',
  'That does not match the total.',
  'Let me recalculate.',
  'There must be a mistake.',
])('%s takes back the line before', (line) => {
  expect(isTakeBack(line)).toBe(true);
});

it.each(['It does not matter.', 'This is the total.', 'That is 5 more.', 'It can be done in two ways.'])(
  '%s takes nothing back',
  (line) => {
    expect(isTakeBack(line)).toBe(false);
  },
);

it('the lines that stand are neither taken back nor of a block of code', () => {
  const thought = 'One.\n```js\nx = 7 / 2 = 3\n```\n\nTwo.\nWait, two is wrong.\nThree.';
  expect(standingLines(thought)).toEqual([
    { number: 0, text: 'One.' },
    { number: 7, text: 'Three.' },
  ]);
});
