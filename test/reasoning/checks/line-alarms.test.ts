import { describe, expect, it } from 'vitest';
import { checks } from '../../../src/reasoning/checks/index.ts';

const judge = (name: string, question: string, thought: string) => {
  const check = checks.get(name);
  if (check === undefined) throw new Error(`no check ${name}`);
  const input = { question, thought, answer: '' };
  return check.run(input, { options: {}, services: {}, signal: new AbortController().signal });
};

const heights = 'Ann is taller than Bob. Cid is shorter than Bob. Who is the tallest?';
const balls = 'Ann has a red ball and Bob has a blue ball. Ann and Bob swap balls. What color is Ann’s ball now?';
const backward = 'Spell this word backward: with';
const savings = 'Roy has saved 40 percent more than Tom, and Tom has ten dollars more than Eva.';
const figure = 'Find the angle. [asy]draw((-42.4,30.8)--(63.2,16.2));[/asy]';
const shades = 'Ann has a dark red ball and Bob has a blue ball. What does Ann have?';

describe('true lines that raise no alarm', () => {
  it.each([
    ['spelling', 'Ann sorts eggs. She starts with 12.', 'She starts with a dozen eggs.'],
    ['spelling', 'Which word starts with b: bee, ant?', 'The word starts with b.'],
    ['spelling', 'The concert starts with what?', 'The concert starts with a song.'],
    ['spelling', 'Does bee start with c?', 'bee starts with b, and no: not bee starts with c.'],
    ['relations', heights, 'Bob is taller than Cid.'],
    ['relations', heights, 'Ann is taller than Cid.'],
    ['relations', heights, 'From tallest to shortest: Ann, Bob, Cid.'],
    ['relations', heights, 'If Cid is taller than Bob, the second sentence is false.'],
    ['relations', 'Ann is taller than Bob. Cid is 5 cm taller than Ann.', 'Cid is taller than Bob.'],
    ['extremes', '', 'Largest of 3, 9, 5 is 9.\nSmallest of 3, 9, 5 is 3.'],
    ['extremes', '', 'Largest of 3, 9, 5 is 9.\nSmallest of 3, 5 is 3.\nThe difference is 6.'],
    ['extremes', '', 'The second smallest of 3, 9, 5 is 5.'],
    ['extremes', '', 'The 2nd largest of 3, 9, 5 is 5.'],
    ['extremes', 'The second smallest of 3, 9, 5?', 'Start with 3.\n9 is greater than 3, so keep 9.'],
    ['differences', 'Next: 1, 4, 9, 16?', 'The differences are 3, 5, 7.\nThe second differences are 2, 2.'],
    ['differences', 'Next: 1, 4, 9, 16?', 'The differences are 3, 5, 7, whose differences are 2, 2.'],
    ['differences', 'Next: 1, 3.5, 6?', 'Each term adds 2.5.'],
    ['differences', 'Next: 0.1, 0.3, 0.5?', 'The differences are 0.2, 0.2, so each term adds 0.2.'],
    ['differences', 'Next: 8, 4, 2?', 'Each term is multiplied by 0.5.'],
    ['differences', 'Next: 1, 3, 7?', 'Each term is multiplied by 2 and 1 is added.'],
    ['differences', 'Next: 9, 7, 5?', 'The differences are 2, 2, so each term subtracts 2.'],
    ['exchanges', balls, 'After swapping, Ann has blue and Bob has red.\nSo the answer is blue.'],
    ['exchanges', balls, 'Now Ann has blue and Bob has red.\nSo the answer is blue.'],
    ['exchanges', balls, 'Ann and Bob swap: Ann has blue, Bob has red.\nAt first Ann has red, Bob has blue.'],
    ['exchanges', shades, 'Ann has the red ball, Bob has the blue one.'],
    ['sorted-order', 'Sort the even numbers: 4, 2, 3.', 'In increasing order: 2, 4.'],
    ['sorted-order', 'Sort without duplicates: 4, 2, 4.', 'In increasing order: 2, 4.'],
    ['sorted-order', 'Sort: Pear, fig', 'In alphabetical order: fig, pear.'],
    ['exchanges', balls, 'Ann and Bob swap, so Ann now has blue.\nIn the end Ann has blue, Bob has red.'],
    ['exchanges', balls, 'First they swap.\nStep 2: Ann has blue, Bob has red.\nSo the answer is blue.'],
    ['spelling', 'What does this path element draw?', 'The path starts with "M 10,20", which moves.'],
    ['spelling', backward, 'I spell it: w-i-t-h.\nForward w-i-t-h, spelled backward h-t-i-w.'],
    ['spelling', backward, 'The spelling is H-T-I-W.\nSo the full reversed word is H-T-I-W.'],
    ['spelling', 'Which letters make a palindrome?', 'I have 2 t’s, 1 r, 2 w’s.'],
    ['truth-values', '', 'The or operation between True and False is True.'],
    ['truth-values', '', 'Since False is false and True is true, their disjunction is True.'],
    ['sorted-order', '', 'I need to sort these in ascending order: 2, -47, 64.'],
    [
      'sorted-order',
      'Sort by name: Louis, Vincent, Gwen',
      'In alphabetical order based on their names, Vincent, Gwen.',
    ],
    ['sorted-order', 'Sort in ASCII order: fig, Pear, nut', 'In alphabetical order: Pear, fig, nut.'],
    ['question-numbers', 'Calculate 575 + 683.', 'Hundreds: 500 + 600 = 1100.'],
    ['exchanges', savings, 'Roy has saved more than Tom, and Tom has saved less.'],
    ['spelling', 'Balance the equation of CO and oxygen.', 'Left side: 1 C, 3 O.'],
    [
      'question-numbers',
      'A letter costs $1.08 and a parcel $4.60. How many cents more is the parcel?',
      '460 - 108 = 352.',
    ],
    ['question-numbers', 'The test is 95 percent right, and 40 percent are ill.', '0.95 × 0.4 = 0.38.'],
    [
      'question-numbers',
      'What are the odds of drawing 2 kings and 1 queen?',
      'Two kings, one queen: 4/52 × 3/51 × 4/50.',
    ],
    ['question-numbers', 'The cube of AB is $912{,}673$, which is above $500{,}000$.', '97^3 = 912673, so 9 + 7 = 16.'],
    ['question-numbers', figure, '180 - 108 = 72.'],
    ['question-numbers', 'In 2019 Ann was ten and in 2020 Bob was four. Add both.', '10 + 4 = 14.'],
  ])('%s: %s %s', async (name, question, thought) => {
    expect(await judge(name, question, thought)).not.toMatchObject({ verdict: 'fail' });
  });

  it.each([
    ['spelling', 'Sort: bee, ant', 'bee starts with c.'],
    ['relations', heights, 'Cid is taller than Bob.'],
    ['relations', heights, 'From tallest to shortest: Ann, Cid, Bob.'],
    ['extremes', '', 'Largest of 3, 9, 5 is 9.\nLargest of 3, 9 is 9.'],
    ['extremes', '', 'Largest of 3, 9, 5 is 9.\nSmallest of 3, 9, 5 is 5.'],
    ['differences', 'Next: 1, 3.5, 6?', 'Each term adds 2.'],
    ['differences', 'Next: 9, 7, 5?', 'The differences are 3, 2.'],
    ['exchanges', balls, 'Ann and Bob swap: Ann has red, Bob has blue.'],
    ['exchanges', balls, 'Ann and Bob swap: Ann has green, Bob has red.'],
    ['sorted-order', 'Sort: Pear, fig, nut', 'In alphabetical order: fig, pear.'],
    ['question-numbers', 'Ann has 2019 beans and 7 peas.', '13 + 8 = 21.'],
  ])('but for wrong ones: %s: %s %s', async (name, question, thought) => {
    expect(await judge(name, question, thought)).toMatchObject({ verdict: 'fail' });
  });
});
