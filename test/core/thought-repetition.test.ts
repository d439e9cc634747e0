import { describe, expect, test } from 'vitest';
import {
  createAnswerRepetition,
  createTextRepetition,
  createThoughtRepetition,
} from '../../src/core/thought-repetition.ts';

/** Feeds a text word by word; each new word gets the next id. Gives the number of words after which it trips. */
function tripsAfter(text: string): number | undefined {
  const ids = new Map<string, number>();
  const breaker = createThoughtRepetition();
  const words = text.match(/\S+|\n/g) ?? [];
  for (const [index, word] of words.entries()) {
    if (!ids.has(word)) ids.set(word, ids.size);
    if (breaker.push(ids.get(word) ?? 0, word === '\n' ? '\n' : `${word} `)) return index + 1;
  }
  return undefined;
}

/** A true column sum, digit by digit, as the embedded model writes it. */
function columnSum(first: string, second: string): string {
  const lines = [`The digits are ${[...first].join(' ')} and ${[...second].join(' ')} . I add from the right.`];
  let carry = 0;
  for (let place = 1; place <= first.length; place += 1) {
    const [a, b] = [Number(first.at(-place)), Number(second.at(-place))];
    const sum = a + b + carry;
    lines.push(
      `Place ${place} : ${a} + ${b} + ${carry} = ${sum} , write ${sum % 10} , carry ${Math.floor(sum / 10)} .`,
    );
    carry = Math.floor(sum / 10);
  }
  return `${lines.join('\n')}\n`;
}

describe('honest work never trips it', () => {
  test.each([
    ['column sums of many places', columnSum('483920175564', '194837465528')],
    ['a column of equal digits', columnSum('1111', '2222')],
    [
      'the same small sum in several places',
      '3 + 4 = 7 .\n5 + 1 = 6 .\n3 + 4 = 7 .\n2 + 2 = 4 .\n3 + 4 = 7 .\n1 + 1 = 2 .\n3 + 4 = 7 .\n',
    ],
    [
      'a line said again by a revision',
      'Tens : 3 + 4 = 9 .\nWait, 9 is wrong.\nTens : 3 + 4 = 7 .\nTens : 3 + 4 = 7 .\n',
    ],
    ['letters counted one by one', `${Array.from({ length: 30 }, (_, index) => `${index + 1} e ,`).join(' ')}\n`],
    ['blank lines', '\n\n\n\n\n\n\n\nSo the answer is 5 .\n'],
  ])('%s', (_name, text) => {
    expect(tripsAfter(text)).toBeUndefined();
  });
});

describe('a loop trips it', () => {
  test.each([
    ['one line', 'Tens : 3 + 4 = 7 .\n', 4],
    ['a block of lines', 'Tens : 3 + 4 = 7 .\nWait, 7 is wrong.\nI do that again.\n', 3],
    ['words without a line break', 'and so on and on ', 16],
    ['one token', 'no ', 64],
  ])('%s', (_name, text, rounds) => {
    const words = (text.match(/\S+|\n/g) ?? []).length;
    const trips = tripsAfter(text.repeat(200));
    expect(trips).toBeDefined();
    expect((trips ?? 0) / words).toBeLessThanOrEqual(rounds);
  });
});

describe('text in pieces that are no words', () => {
  const trips = (text: string, size: number): boolean => {
    const breaker = createTextRepetition();
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
    return pieces.map((piece) => breaker.push(piece)).includes(true);
  };
  test.each([1, 3, 7, 500])('of %i characters', (size) => {
    expect(trips('But wait, that is not right. '.repeat(30), size)).toBe(true);
    expect(trips('我们再来看一下。'.repeat(200), size)).toBe(true);
    expect(trips(columnSum('483920175564', '194837465528'), size)).toBe(false);
  });

  test.each([
    ['closing brackets', '  });\n'.repeat(8)],
    ['a grid', `${'0 0 0 0 0 0\n'.repeat(6)}1 0 0 0 0 0\n`],
    ['a table', `| a | b |\n|---|---|\n${'| 0 | 0 |\n'.repeat(8)}`],
    ['the digits of a number', '14159265358979323846264338327950288419716939937510'.repeat(2)],
  ])('%s of an honest thought', (_, text) => {
    expect(trips(text, 3)).toBe(false);
  });

  test('takes time linear in a text without blanks', () => {
    const breaker = createTextRepetition();
    const digits = Array.from({ length: 20_000 }, (_, index) => String((index * 7919) % 1_000_003));
    expect(digits.map((piece) => breaker.push(piece))).not.toContain(true);
  });
});

describe('an answer whose tokens are known', () => {
  const trips = (period: readonly number[], times: number): boolean => {
    const breaker = createAnswerRepetition();
    return Array.from({ length: times }, () => period.map((token) => breaker.push(token)).includes(true)).includes(
      true,
    );
  };
  test('is a loop if it repeats three tokens of one word', () => {
    expect(trips([5, 4, 0], 107)).toBe(true);
  });
  test.each([
    ['a 12 × 12 matrix of zeros', [...Array.from({ length: 12 }, () => [7, 8]).flat(), 9], 12],
    ['a word a hundred times, in lines', [7, 8, 9], 100],
    ['a page that is given three times', Array.from({ length: 96 }, (_, index) => index), 3],
  ])('is none if it is %s', (_, period, times) => {
    expect(trips(period, times)).toBe(false);
  });
});
