import { describe, expect, it } from 'vitest';
import { checks } from '../../../src/reasoning/checks/index.ts';
import { trueThoughts } from './true-thoughts.ts';

const judge = (name: string, question: string, thought: string, answer = '') => {
  const check = checks.get(name);
  if (check === undefined) throw new Error(`no check ${name}`);
  return check.run({ question, thought, answer }, { options: {}, services: {}, signal: new AbortController().signal });
};

const swap =
  'Gia has a red ball, Ada has a blue ball, and Noah has a brown ball. First, Gia and Ada swap balls. What color is Gia’s ball now?';
const order = 'Uma is faster than Rosa. Liam is faster than Uma. Who is the fastest?';

/** name, question, a thought that holds, one that doesn't, the number of its wrong line, the wrong value. */
const cases: Array<[string, string, string, string, number, string]> = [
  ['comparison', '', '40 is less than 90.', '40 is greater than 90.', 0, 'greater'],
  ['comparison', '', 'So 3 < 5.', 'So 5 < 3.', 0, 'less'],
  ['comparison', '', '5 is not less than 3.', '5 is not greater than 3.', 0, 'greater'],
  [
    'comparison',
    'Which is larger, 15.30 or 15.4?',
    '15.30 is smaller than 15.4.\nSo the answer is 15.4.',
    '15.30 is smaller than 15.4.\nSo the answer is 15.30.',
    1,
    '15.30',
  ],
  ['extremes', '', 'Smallest of 33, 95, 50 is 33.', 'Smallest of 33, 95, 50 is 50.', 0, '50'],
  [
    'extremes',
    '',
    'Smallest of 3, 9 is 3.\nSmallest of 9 is 9.\nSo the answer is 3, 9.',
    'Smallest of 3, 9, 5 is 3.\nSmallest of 9, 3 is 3.',
    1,
    '9, 3',
  ],
  [
    'extremes',
    'What is the smallest number?',
    'Start with 86.\n48 is less than 86, so keep 48.',
    'Start with 86.\n48 is less than 86, so stay with 86.',
    1,
    '86',
  ],
  [
    'extremes',
    'What is the smallest number?',
    'Start with 86.\n48 is less than 86, so keep 48.\nSo the answer is 48.',
    'Start with 86.\n48 is less than 86, so keep 48.\nSo the answer is 86.',
    2,
    '86',
  ],
  [
    'sorted-order',
    'Sort these words: step, dirt.',
    'In alphabetical order: dirt, step.',
    'In alphabetical order: step, dirt.',
    0,
    'step, dirt',
  ],
  [
    'sorted-order',
    'Sort these words: step, dirt, a.',
    'In alphabetical order: a, dirt, step.',
    'In alphabetical order: dirt, step.',
    0,
    'dirt, step',
  ],
  ['sorted-order', '', 'From largest to smallest: 9, 5, 1.', 'From largest to smallest: 9, 1, 5.', 0, '9, 1, 5'],
  ['spelling', 'Reverse "tear".', 'I spell the word: t-e-a-r.', 'I spell the word: t-r-a-e.', 0, 't-r-a-e'],
  [
    'spelling',
    'Reverse "tear".',
    'I spell the word: t-e-a-r.\nFrom the last letter to the first: r-a-e-t.\nJoined: raet.',
    'I spell the word: t-e-a-r.\nFrom the last letter to the first: r-a-e-t.\nJoined: raat.',
    2,
    'raat',
  ],
  [
    'spelling',
    'How many t in attends?',
    'I spell the word: a-t-t-e-n-d-s.\nI go through it and count each t: a, t (1), t (2), e, n, d, s.\nThe letter t appears 2 times.',
    'I spell the word: a-t-t-e-n-d-s.\nI go through it and count each t: a, t (1), t, e, n, d, s.',
    1,
    't',
  ],
  [
    'spelling',
    'The third letter of cat?',
    'I number the letters: 1 c, 2 a, 3 t.\nNumber 3 is t.',
    'I number the letters: 1 c, 2 a, 3 t.\nNumber 3 is a.',
    1,
    'a',
  ],
  [
    'enumeration',
    'Count the even: 4, 19, 34.',
    'I check each number: is it even?\n4 yes (1), 19 no, 34 yes (2).\nThe count is 2.',
    'I check each number: is it even?\n4 no, 19 no, 34 yes (1).',
    1,
    '4 no',
  ],
  [
    'enumeration',
    '',
    'I check each number: is it greater than 9?\n4 no, 19 yes (1).\nThe count is 1.',
    'I check each number: is it greater than 9?\n4 no, 19 yes (1).\nThe count is 2.',
    2,
    '2',
  ],
  [
    'calendar',
    'Today is Friday.',
    'Counting 2 forward: Friday -> Saturday -> Sunday.',
    'Counting 2 forward: Friday -> Sunday -> Monday.',
    0,
    'Sunday',
  ],
  [
    'calendar',
    'Today is Friday.',
    'Counting 1 forward: Friday -> Saturday.',
    'Counting 8 forward: Friday -> Saturday.',
    0,
    'Saturday',
  ],
  ['calendar', '', 'So the answer is 6:05.', 'So the answer is 5:65.', 0, '5:65'],
  ['remainders', '', '62 ÷ 2 leaves 0.', '57 ÷ 3 leaves 1.', 0, '1'],
  ['remainders', '', '25 days is 3 weeks and 4 days.', '25 days is 3 weeks and 5 days.', 0, '5'],
  [
    'remainders',
    '',
    'Minutes: 55 + 35 = 90, which is 1 hour and 30 minutes.',
    'Minutes: 55 + 35 = 90, which is 1 hour and 20 minutes.',
    0,
    '20',
  ],
  // A partial quotient that goes in, and one that doesn't.
  [
    'remainders',
    'How many times does 9 go into 297?',
    'I divide 297 by 9.\n9 × 30 = 270, and 297 - 270 = 27.\n9 × 3 = 27, and 27 - 27 = 0.\nSo the quotient is 30 + 3 = 33 and the remainder is 0.',
    'I divide 297 by 9.\n9 × 100 = 900, and 297 - 900 = -603.\n9 × 3 = 27, and -603 - 27 = -630.',
    1,
    '100',
  ],
  [
    'remainders',
    '',
    'I divide 58 by 9.\n9 × 6 = 54, and 58 - 54 = 4.\nSo the quotient is 6 and the remainder is 4.',
    'I divide 58 by 9.\n9 × 5 = 45, and 58 - 45 = 13.\nSo the quotient is 5 and the remainder is 13.',
    1,
    '5',
  ],
  [
    'remainders',
    '',
    'I divide 27 by 9.\n9 × 3 = 27, and 27 - 27 = 0.\nSo the quotient is 3 and the remainder is 0.',
    'I divide 27 by 9.\n9 × 3 = 27, and 27 - 27 = 0.\nSo the quotient is 3 and the remainder is 2.',
    2,
    '2',
  ],
  [
    'remainders',
    'Is 306 divisible by 9? Answer yes or no.',
    '9 × 34 = 306, and 306 - 306 = 0.\nThe remainder is 0, so the answer is yes.',
    '9 × 105 = 306, and 306 - 306 = 0.\nThe remainder is 0, so the answer is yes.',
    0,
    '105',
  ],
  ['proportions', '', '10% of 80 is 8.', '10% of 80 is 9.', 0, '9'],
  ['proportions', '', '5% is half of 16, which is 8.', '5% is half of 112, which is 5.', 0, '5'],
  ['truth-values', '', 'False or True is True.', 'False and True is True.', 0, 'True'],
  ['truth-values', '', 'not True is False.', 'not True is True.', 0, 'True'],
  [
    'differences',
    'Next: 6, 16, 26?',
    'The differences are 10, 10, so each term adds 10.',
    'The differences are 12, 12, so each term adds 12.',
    0,
    '12, 12',
  ],
  [
    'relations',
    order,
    'From fastest to slowest: Liam, Uma, Rosa.\nThe fastest is Liam.',
    'From fastest to slowest: Uma, Liam, Rosa.',
    0,
    'Liam',
  ],
  ['relations', order, 'Liam is faster than Rosa.', 'Rosa is faster than Liam.', 0, 'Liam'],
  [
    'exchanges',
    swap,
    'Start: Gia has red, Ada has blue, Noah has brown.\nGia and Ada swap: Gia has blue, Ada has red, Noah has brown.',
    'Start: Gia has red, Ada has blue, Noah has brown.\nGia and Ada swap: Gia has brown, Ada has blue, Noah has red.',
    1,
    'brown',
  ],
  [
    'written-columns',
    'Add 19 and 24.',
    'The digits are 1 9 and 2 4. I add from the right.\nOnes: 9 + 4 = 13, write 3, carry 1.\nTens: 1 + 2 + 1 = 4, write 4.\nReading the digits from left to right: 43.',
    'The digits are 1 9 and 2 4. I add from the right.\nOnes: 9 + 4 = 13, write 3.',
    1,
    '3',
  ],
  [
    'written-columns',
    'Add 19 and 24.',
    'The digits are 1 9 and 2 4. I add from the right.',
    'The digits are 1 8 and 2 4. I add from the right.',
    0,
    '18',
  ],
  [
    'written-columns',
    'What is 47 + 385?',
    'The digits are 4 7 and 3 8 5. I add from the right.\nOnes: 7 + 5 = 12, write 2, carry 1.\nTens: 4 + 8 + 1 = 13, write 3, carry 1.\nHundreds: 0 + 3 + 1 = 4, write 4.\nReading the digits from left to right: 432.',
    'The digits are 4 7 and 3 8 5. I add from the right.\nOnes: 7 + 5 = 12, write 2, carry 1.\nTens: 4 + 8 + 1 = 13, write 3, carry 1.\nHundreds: write the carry 1.',
    3,
    '1',
  ],
  [
    'written-columns',
    'What is 9342 - 7645?',
    'The digits are 9 3 4 2 and 7 6 4 5. I subtract from the right.\nOnes: borrow, 12 - 5 = 7.\nTens: 4 - 1 = 3, borrow, 13 - 4 = 9.\nHundreds: 3 - 1 = 2, borrow, 12 - 6 = 6.\nThousands: 9 - 1 = 8, 8 - 7 = 1.\nReading the digits from left to right: 1697.',
    'The digits are 9 3 4 2 and 7 6 4 5. I subtract from the right.\nOnes: borrow, 12 - 5 = 7.\nTens: 4 - 4 = 0.',
    2,
    '0',
  ],
  ['question-numbers', 'Ann has 12 and 7.', '12 + 7 = 19.', '13 + 8 = 21.', 0, ''],
];

/** As many facts, each of two names. */
function many(relation: string, count: number): string {
  const name = (index: number): string => `A${[...String(index)].map((digit) => 'qrstuvwxyz'[Number(digit)]).join('')}`;
  return Array.from({ length: count }, (_, index) => `${name(index)}${relation}${name(index + 1)}.`).join(' ');
}

describe('line checks', () => {
  it.each(cases)('%s: %s', async (name, question, holds, fails, line, wrong) => {
    expect(await judge(name, question, holds)).toMatchObject({ verdict: 'pass' });
    const finding = await judge(name, question, fails);
    expect(finding).toMatchObject({ verdict: 'fail', line, ...(wrong === '' ? {} : { wrong }) });
  });

  it.each([
    ['arithmetic', 'A pupil wrote 2 + 2 = 5. Is that right?', 'The pupil wrote 2 + 2 = 5.'],
    ['arithmetic', '', 'Is 2 + 2 = 5? No.'],
    ['arithmetic', '', '2 + 2 = 5 is wrong.'],
    ['arithmetic', 'Add 101 and 1 in binary.', '101 + 1 = 110.'],
    ['arithmetic', '', '3,5 + 1,2 = 4,7.'],
    ['arithmetic', '', '1.200 + 300 = 1.500.'],
    ['arithmetic', '', '1 200 + 300 = 1 500.'],
    ['calendar', 'Boys to girls are 6 to 160. What is the ratio?', 'So the answer is 3:80.'],
    ['calendar', 'It is Sunday.', 'Sunday -> Monday.\nMonday -> Tuesday.'],
    ['calendar', 'It was Monday. Is it two days to Sunday on Friday?', 'Friday -> Saturday -> Sunday.'],
    ['comparison', '', '45 minutes is less than 1 hour.'],
    ['comparison', '', '7 + 8 is greater than 12.'],
    ['comparison', '', 'Half of 80 is less than 60.'],
    ['comparison', '', '10 is less than 3 × 4.'],
    ['comparison', '', '30% is less than 0.5.'],
    ['enumeration', 'How many between 10 and 13 are even?', 'Is it even?\n10 yes (1), 11 no, 12 yes (2), 13 no.'],
    ['extremes', 'Sort them.', 'Largest of 3, 9, 5 is 9.\nLargest of 3, 5 is 5.\nSo the answer is 9, 5, 3.'],
    ['remainders', '', '1,017 ÷ 7 leaves 2.'],
    ['remainders', '', '1,025 days is 146 weeks and 3 days.'],
    ['remainders', 'He works 8 hours a day.', 'One day is 8 hours.'],
    // The thought goes on; it is of something else; it is no division.
    ['remainders', '', 'I divide 58 by 9.\n9 × 5 = 45, and 58 - 45 = 13.'],
    ['remainders', '', 'I divide 58 by 9.\n7 × 9 = 63, and 58 - 63 = -5.\nSo it is less.'],
    ['remainders', 'He has 50 and pays 9 each.', '9 × 7 = 63, and 50 - 63 = -13.\nSo he owes 13.'],
    ['remainders', '', 'I divide 58 by 0.\n0 × 5 = 0, and 58 - 0 = 58.\nSo it has no end.'],
    ['sorted-order', 'Sort: zebra, éclair', 'In alphabetical order: éclair, zebra.'],
    ['truth-values', '', 'True or False and True is True.'],
    ['truth-values', '', 'False and not False is False.'],
    // Facts beyond those of a puzzle would take minutes.
    ['relations', many(' is older than ', 400), 'From oldest to youngest: A, Qb.'],
  ])('%s sees nothing wrong: %s %s', async (name, question, thought) => {
    expect(await judge(name, question, thought)).not.toMatchObject({ verdict: 'fail' });
  });

  const lineChecks = [...checks.values()].filter((check) => check.judges === 'line');

  it.each(lineChecks.map((check) => check.name))('%s has no false alarm on true thoughts', async (name) => {
    for (const { question, thought, answer } of trueThoughts()) {
      expect(await judge(name, question, thought, answer), thought).not.toMatchObject({ verdict: 'fail' });
    }
  });

  it.each(lineChecks.map((check) => check.name))('%s abstains on what it can’t read', async (name) => {
    const letter = 'Dear Ann,\nthe garden is lovely, and we miss you.\nYours, Ben';
    expect(await judge(name, 'Write a letter to Ann.', letter, letter)).toMatchObject({ verdict: 'abstain' });
  });
});
