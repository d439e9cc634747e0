import { describe, expect, it } from 'vitest';
import { corruptDigit, seededRandom } from '../../eval/corrupt-digit.ts';
import { checks } from '../../src/checks/index.ts';
import { nearestWord } from '../../src/checks/nearest-word.ts';
import { trueThoughts } from './true-thoughts.ts';

/** The line that the check found wrong, up to and with what it puts in its place; undefined where it knows nothing better. */
async function putRight(name: string, question: string, thought: string): Promise<string | undefined> {
  const at = { options: {}, services: {}, signal: new AbortController().signal };
  const finding = await checks.get(name)?.run({ question, thought, answer: '' }, at);
  if (finding?.verdict !== 'fail') throw new Error(`${name} found nothing in ${thought}`);
  const { repair, line = 0 } = finding;
  return repair && (thought.split('\n')[line] ?? '').slice(0, repair.at) + repair.text;
}

const facts = 'Uma is faster than Rosa. Liam is faster than Uma. Who is the fastest?';
const balls = 'Gia has a red ball and Ada has a blue ball. Gia and Ada swap balls. What color is Gia’s ball now?';

/** check, question, thought with a wrong line, that line put right. */
const cases: Array<[string, string, string, string]> = [
  ['arithmetic', '', '9 × 19 = 171 and 12 × 18 = 218, so more.', '9 × 19 = 171 and 12 × 18 = 216'],
  ['arithmetic', '', '2 + 3 = 5 and 1 + 3 = 5.', '2 + 3 = 5 and 1 + 3 = 4'],
  [
    'arithmetic',
    'What is 12 times 345?',
    '12 × 45 = 10 × 45 + 2 × 45 = 400 + 80 = 480.',
    '12 × 45 = 10 × 45 + 2 × 45 = 540.',
  ],
  ['arithmetic', '', '49 × 3 = 40 × 3 + 3 × 3 = 129.', '49 × 3 = 147.'],
  ['arithmetic', '', '7 × 600 = 700 × 60 + 70 × 60 = 42000 + 420 = 46220.', '7 × 600 = 4200.'],
  ['arithmetic', 'What is 12 times 345?', 'I split 345 into 30 + 40 + 5.', 'I split 345 into 300 + 45'],
  ['arithmetic', '', 'He pays $12 + $3 = $14 in all.', 'He pays $12 + $3 = $15'],
  ['arithmetic', '', '1,000 + 99 = 1,099 and 1 + 1 = 1.', '1,000 + 99 = 1,099 and 1 + 1 = 2'],
  ['arithmetic', '', '1/4 + 1/4 = 1/2 and 2 + 1 = 1.', '1/4 + 1/4 = 1/2 and 2 + 1 = 3'],
  ['arithmetic', '', 'x >= 5, but 2 + 2 = 5.', 'x >= 5, but 2 + 2 = 4'],
  ['arithmetic', '', 'Für 3 Äpfel: 3 × 4 = 13 €.', 'Für 3 Äpfel: 3 × 4 = 12'],
  ['arithmetic', '', '5 + 5 = 10.\r\n3 - 8 = 5.\r\nDone.', '3 - 8 = -5'],
  [
    'calendar',
    'It is Sunday.',
    'From Sunday, counting 2: Sunday -> Monday.',
    'From Sunday, counting 2: Sunday -> Monday -> Tuesday',
  ],
  [
    'calendar',
    'It is Sunday.',
    'Counting 2 forward: Sunday -> Monday.',
    'Counting 2 forward: Sunday -> Monday -> Tuesday',
  ],
  ['calendar', 'It is Sunday.', 'Counting 1 back: Sunday -> Monday.', 'Counting 1 back: Sunday -> Saturday'],
  ['calendar', '', 'So the answer is 3:75.', 'So the answer is 4:15'],
  ['comparison', '', '80 is less than 27, so 6.8 is more.', '80 is greater'],
  ['differences', '5, 13, 21, 29, ?', 'The differences are 9, 9, 9.', 'The differences are 8, 8, 8'],
  [
    'differences',
    '5, 13, 21, ?',
    '5 × 3 = 15, so each term is multiplied by 3.',
    'The differences are 8, 8, so each term adds 8',
  ],
  ['enumeration', 'How many are odd: 7, 8, 9?', 'Is it odd?\n7 no, 8 yes (1), 9 no.', '7 yes (1), 8 no, 9 yes (2)'],
  ['enumeration', 'How many from 7 to 9 are odd?', 'Is it odd?\n7 no, 8 no, 9 no.', '7 yes (1), 8 no, 9 yes (2)'],
  ['exchanges', balls, 'Gia and Ada swap: Gia has red, Ada has blue.', 'Gia and Ada swap: Gia has blue'],
  ['exchanges', balls, 'Gia and Ada swap: Gia has blue, Ada has red.\nSo the answer is red.', 'So the answer is blue'],
  ['extremes', 'The largest of 9, 5?', 'Start with 9.\n5 is less than 9, so keep 5.', '5 is less than 9, so keep 9'],
  ['extremes', '', 'Smallest of 33, 95, 50 is 50.', 'Smallest of 33, 95, 50 is 33'],
  ['proportions', '', 'Then 10% of 80 is 9 dollars.', 'Then 10% of 80 is 8'],
  ['relations', facts, 'From fastest to slowest: Uma, Liam, Rosa.', 'From fastest to slowest: Liam, Uma, Rosa'],
  ['remainders', '', '25 days is 3 weeks and 5 days, as 7 × 3 = 21.', '25 days is 3 weeks and 4 days'],
  [
    'remainders',
    '',
    'I divide 297 by 9.\n9 × 100 = 900, and 297 - 900 = 27.\n9 × 3 = 27, and 27 - 27 = 0.',
    '9 × 30 = 270, and 297 - 270 = 27',
  ],
  [
    'remainders',
    '',
    'I divide 27 by 9.\n9 × 7 = 63, and 27 - 63 = 2.\nSo the quotient is 7.',
    '9 × 3 = 27, and 27 - 27 = 0',
  ],
  [
    'remainders',
    '',
    'I divide 99 by 9.\n9 × 9 = 81, and 99 - 81 = 18.\nSo the quotient is 9.',
    '9 × 11 = 99, and 99 - 99 = 0',
  ],
  [
    'remainders',
    '',
    'I divide 297 by 9.\n9 × 30 = 270, and 297 - 270 = 27.\n9 × 3 = 27, and 27 - 27 = 0.\nSo the quotient is 30 + 7 = 37 and the remainder is 0.',
    'So the quotient is 30 + 3 = 33 and the remainder is 0',
  ],
  [
    'remainders',
    'Is 306 divisible by 9?',
    '9 × 105 = 306, and 306 - 306 = 0.\nThe remainder is 0, so the answer is yes.',
    '9 × 34 = 306, and 306 - 306 = 0',
  ],
  ['remainders', '', '17 ÷ 5 leaves 3.', '17 ÷ 5 leaves 2'],
  ['remainders', '', '40 inches is 3 feet and 5 inches.', '40 inches is 3 feet and 4 inches'],
  ['sorted-order', 'Sort: pear, fig', 'In alphabetical order: pear, fig.', 'In alphabetical order: fig, pear'],
  [
    'sorted-order',
    'Sort: pear, fig',
    'In alphabetical order: fig, pear.\nSo the answer is pear, fig.',
    'So the answer is fig, pear',
  ],
  ['sorted-order', '', 'In alphabetical order: pear, fig.', 'In alphabetical order: fig, pear'],
  [
    'sorted-order',
    'Sort alphabetically: pear, fig, apple. Which is first?',
    'In alphabetical order: apple, pear, fig.',
    'In alphabetical order: apple, fig, pear',
  ],
  ['spelling', 'How many "s" are in "berries"?', 'I spell the word: b-e-r-i-e-s.', 'I spell the word: b-e-r-r-i-e-s'],
  ['spelling', 'Spell this word backward: stone', 'I spell the word: s-t-o-n.', 'I spell the word: s-t-o-n-e'],
  ['spelling', 'How many letters has café?', 'I spell the word: c-a-f-e.', 'I spell the word: c-a-f-é'],
  ['spelling', 'How many k’s are in "baked"?', 'I spell the word: b-a-k-e.', 'I spell the word: b-a-k-e-d'],
  [
    'spelling',
    'Spell "fig" backwards.',
    'I spell: f-i-g.\nFrom the last to the first: g-f-i.',
    'From the last to the first: g-i-f',
  ],
  [
    'spelling',
    'How many e’s are in "eel"?',
    'I spell the word: e-e-l.\nI count each e: e (1), e, l.',
    'I count each e: e (1), e (2), l',
  ],
  [
    'remainders',
    'Is 91 a prime number? Answer yes or no.',
    '91 ÷ 7 leaves 0.\n91 = 7 × 11, so it is not prime.',
    '91 = 7 × 13, so it is not prime.',
  ],
  [
    'remainders',
    'Is 86 a prime number? Answer yes or no.',
    '86 ÷ 2 leaves 0.\nSo the answer is yes.',
    '86 = 2 × 43, so it is not prime.',
  ],
  ['remainders', 'Is 31 prime?', 'So the answer is no.', 'No divisor was found, so 31 is prime.'],
  [
    'differences',
    'Find the next term: 2, 4, 8, 16, ...',
    'The differences are 1, 2, 3: they grow by 1 each time.',
    '2 × 2 = 4 and 4 × 2 = 8, so each term is multiplied by 2.',
  ],
  [
    'differences',
    'Find the next term: 6, 12, 24, 48, ...',
    'The differences are 6, 12, 24: they grow by 6 each time.',
    '6 × 2 = 12 and 12 × 2 = 24, so each term is multiplied by 2.',
  ],
  [
    'differences',
    'Find the next term: 9, 10, 12, 15, ...',
    'The differences are 1, 2, 3: they grow by 2 each time.',
    'The differences are 1, 2, 3: they grow by 1',
  ],
  ['truth-values', '', 'So True and False is True.', 'So True and False is False'],
  [
    'written-columns',
    'What is 18 + 25?',
    'The digits are 1 8 and 2 5. I add from the right.\nOnes: 8 + 5 = 13, write 3, carry 1.\nTens: 1 + 2 = 3, write 3.',
    'Tens: 1 + 2 + 1 = 4',
  ],
  [
    'written-columns',
    'What is 100 - 1?',
    'The digits are 1 0 0 and 1 1. I subtract from the right.',
    'The digits are 1 0 0 and 1. I subtract from the right',
  ],
  [
    'written-columns',
    'What is 9 x 99?',
    'I split 99 into 90 + 9.\n9 × 90 = 810.\n9 × 9 = 81.\nSo the answer is 810.',
    '810 + 81 = 891.',
  ],
  [
    'written-columns',
    'Calculate 7 times 612.',
    'I split 612 into 600 + 12.\n7 × 600 = 4200.\n4200 + 12 = 4212.',
    '7 × 12 = 84.',
  ],
  [
    'written-columns',
    'Calculate 7 times 612.',
    'I split 612 into 600 + 12.\n7 × 600 = 4200.\n7 × 12 = 84.\n4200 + 74 = 4274.',
    '4200 + 84 = 4284.',
  ],
  [
    'written-columns',
    'What is 385 - 47?',
    'The digits are 3 8 5 and 4 7. I subtract from the right.\nOnes: 5 - 7 = 2.',
    'Ones: borrow, 15 - 7 = 8',
  ],
  [
    'written-columns',
    'What is 385 - 47?',
    'The digits are 3 8 5 and 4 7. I subtract from the right.\nOnes: borrow, 15 - 7 = 8.\nTens: 8 - 4 = 4.',
    'Tens: 8 - 1 = 7, 7 - 4 = 3',
  ],
  [
    'written-columns',
    'What is 500 - 7?',
    'The digits are 5 0 0 and 7. I subtract from the right.\nOnes: borrow, 10 - 7 = 3.\nTens: 0 - 1 = -1, borrow, 9 - 0 = 9.\nHundreds: 5 - 1 = 4, 4 - 7 = 3.',
    'Hundreds: 5 - 1 = 4, 4 - 0 = 4',
  ],
  [
    'written-columns',
    'What is 385 - 47?',
    'The digits are 3 8 5 and 4 7. I subtract from the right.\nOnes: borrow, 15 - 7 = 8.\nTens: 8 - 1 = 7, 7 - 4 = 3.\nReading the digits from left to right: 38.',
    'Hundreds: 3 - 0 = 3',
  ],
  [
    'written-columns',
    'Calculate 9 + 86.',
    'The digits are 9 8 6 and 8 6. I add from the right.',
    'The digits are 8 6 and 9. I add from the right',
  ],
  [
    'written-columns',
    'Calculate 9 + 86.',
    'The digits are 9 8 6. I add from the right.',
    'The digits are 8 6 and 9. I add from the right',
  ],
  [
    'written-columns',
    'What is 6 + 1487?',
    'I add 6 + 1487 column by column from the right.\nOnes: 7 + 7 = 14, write 4, carry 1.',
    'Ones: 6 + 7 = 13',
  ],
  [
    'written-columns',
    'What is 20 + 31?',
    'The digits are 2 0 and 3 1. I add from the right.\nOnes: 0 + 1 = 1, write 1.\nTens: 2 + 3 = 5, write 5.\nHundreds: write the carry 1.',
    'Reading the digits from left to right: 51',
  ],
  [
    'written-columns',
    'What is 47 + 385?',
    'The digits are 4 7 and 3 8 5. I add from the right.\nOnes: 7 + 5 = 12, write 2, carry 1.\nTens: 4 + 8 + 1 = 13, write 3, carry 1.\nHundreds: 3 + 1 + 1 = 5, write 5.',
    'Hundreds: 0 + 3 + 1 = 4',
  ],
  [
    'written-columns',
    'What is 47 + 385?',
    'The digits are 4 7 and 3 8 5. I add from the right.\nOnes: 7 + 5 = 12, write 2, carry 1.\nTens: 4 + 8 + 1 = 13, write 3, carry 1.\nHundreds: write the carry 1.',
    'Hundreds: 0 + 3 + 1 = 4',
  ],
  [
    'written-columns',
    'What is 47 + 385?',
    'The digits are 4 7 and 3 8 5. I add from the right.\nOnes: 7 + 5 = 12, write 2, carry 1.\nTens: 4 + 8 + 1 = 13, write 3, carry 1.\nReading the digits from left to right: 132.',
    'Hundreds: 0 + 3 + 1 = 4',
  ],
];

describe('what checks put right', () => {
  it.each(cases)('%s: %s %s', async (name, question, thought, line) => {
    expect(await putRight(name, question, thought)).toBe(line);
  });

  it.each([
    ['arithmetic', '', '12 = 3 × 4 and 1 + 1 = 3.'],
    ['arithmetic', '', '1,200 + 300 = 1,600.'],
    ['arithmetic', 'Is 306 divisible by 9?', '9 × 105 = 306, and 306 - 306 = 0.'],
    ['comparison', '', '5 is less than 5.'],
    ['comparison', '', '5 < 3, so it is less.'],
    ['spelling', 'Spell the capital of France backwards.', 'I spell the word: p-a-r-i-s.'],
    ['relations', 'Uma is faster than Rosa. Liam is faster than Rosa.', 'From fastest to slowest: Rosa, Uma, Liam.'],
  ])('%s knows nothing better than %s %s', async (name, question, thought) => {
    expect(await putRight(name, question, thought)).toBeUndefined();
  });

  it('gives back the true line where a digit of a result was changed', async () => {
    const random = seededRandom(3);
    const wrong = trueThoughts().flatMap(({ thought }) => {
      const corrupted = corruptDigit(thought, random);
      return corrupted === undefined ? [] : [{ thought, corrupted: corrupted.text }];
    });
    const at = { options: {}, services: {}, signal: new AbortController().signal };
    let found = 0;
    for (const { thought, corrupted } of wrong) {
      const { line = 0, repair } =
        (await checks.get('arithmetic')?.run({ question: '', thought: corrupted, answer: '' }, at)) ?? {};
      const [was, is] = [thought, corrupted].map((text) => text.split('\n')[line] ?? '');
      // A changed link of a chain of equations may show in the next one: then this line was right in itself.
      if (repair === undefined || was === is) continue;
      found += 1;
      expect(was).toContain(`${is?.slice(0, repair.at)}${repair.text}`);
    }
    expect(found).toBeGreaterThan(wrong.length * 0.8);
  });
});

describe('nearestWord', () => {
  it.each([
    ['preat', 'Reverse the word planet.', 'planet'],
    ['preat', 'Reverse planet.', undefined],
    ['bake', 'How many k’s are in "baked"?', 'baked'],
    ['dith', 'Reverse the word dirt.', 'dirt'],
    ['bress', 'How many s’s are in berries?', 'berries'],
    ['zzz', 'How many are there?', undefined],
  ])('%s in %s', (spelled, question, word) => {
    expect(nearestWord(spelled, question)).toBe(word);
  });
});
