import { describe, expect, it } from 'vitest';
import { isRight, knownSets, readQuestionSet } from '../../eval/question-set.ts';

describe.each(Object.keys(knownSets))('the set %s', (name) => {
  it('holds questions whose own answers are judged right', { timeout: 60_000 }, async () => {
    const { questions } = await readQuestionSet({ set: name });
    const wrong = await Promise.all(questions.map(async (one) => ((await isRight(one.answer, one)) ? [] : [one])));
    expect(wrong.flat()).toEqual([]);
    expect(new Set(questions.map(({ question }) => question)).size).toBe(questions.length);
  });
});

describe('rules', () => {
  const judged = (text: string, rules: object) => isRight(text, { kind: 'open', question: 'q', answer: 'a', rules });

  it.each([
    ['a whole word, whatever its case', 'It is PARIS.', { contains: { any: ['paris'] } }, true],
    ['not a part of a word', 'An author.', { contains: { any: ['au'] } }, false],
    ['all of several', 'Red and blue.', { contains: { all: ['red', 'blue', 'green'] } }, false],
    [
      'a number of them',
      'Apple, pear, plum.',
      { contains: { any: ['apple', 'pear', 'plum', 'fig'], at_least: 3 } },
      true,
    ],
    [
      'one that is said twice counts once',
      'Apple, apple.',
      { contains: { any: ['apple', 'pear'], at_least: 2 } },
      false,
    ],
    ['capital letters where they matter', 'open the door', { contains: { exact: ['OPEN THE DOOR'] } }, false],
    ['the whole answer', 'Horse.', { one_of: ['horse'] }, true],
    ['not more than the answer', 'A horse runs.', { one_of: ['horse'] }, false],
    ['at most so many words', 'one two three', { at_most_words: 2 }, false],
    ['something at all', '  ', { at_most_words: 2 }, false],
  ])('ask for %s', async (_, text, rules, right) => {
    expect(await judged(text, rules)).toBe(right);
  });

  const adds = { tests: [{ call: 'add(2, 3)', gives: 5 }] };
  it.each([
    ['a code block that is right', 'So:\n```js\nfunction add(a, b) { return a + b; }\n```\nThat is it.', true],
    ['code without a block', 'const add = (a, b) => a + b;', true],
    ['wrong code', '```\nfunction add(a, b) { return a - b; }\n```', false],
    ['what is no code', 'You add the two numbers.', false],
    ['a loop without end', '```\nfunction add() { for (;;); }\n```', false],
    [
      'code that reaches for the system',
      '```\nfunction add() { return require("node:fs").readdirSync("/").length && 5; }\n```',
      false,
    ],
  ])('run code: %s', { timeout: 60_000 }, async (_, text, right) => {
    expect(await judged(text, adds)).toBe(right);
  });
});
