import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { calls } from '../../src/evaluator/calls.ts';
import { evaluate, evaluateEnd } from '../../src/evaluator/evaluate.ts';

const Vector = z.object({ before: z.string(), value: z.string().nullable() });
const vectors = readFileSync(new URL('vectors.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => Vector.parse(JSON.parse(line)));

describe('the values of expressions at the end of a line', () => {
  it('are those of all 1,602 vectors', () => {
    expect(vectors).toHaveLength(1602);
    const wrong = vectors.flatMap(({ before, value }) => {
      const found = evaluate(before) ?? null;
      return found === value ? [] : [{ before, value, found }];
    });
    expect(wrong).toEqual([]);
  });

  it('come with the expression that they are of', () => {
    expect(evaluateEnd('Left: 81 - 47 ')).toEqual({ expression: '81 - 47', value: '34' });
    expect(evaluateEnd('so count("pear", "a")')).toEqual({ expression: 'count("pear", "a")', value: '1' });
  });
});

describe('what may stand before an expression', () => {
  it.each([
    ['  - 3 + 4', '7'],
    ['12) 3 + 4', '7'],
    ['- -3 + 4', '1'],
    ['It is -3 + 4', '1'],
    ['**Total:** 3 + 4', '7'],
    ['("3 + 4', '7'],
    ['x = 3 + 4', '7'],
    ['the sum of 3 + 4', '7'],
    ['In 2024, 3 + 4', '7'],
    ['10 +\n3 + 4', '7'],
    [`${'word '.repeat(200)}3 + 4`, '7'],
  ])('%s', (before, value) => expect(evaluate(before)).toBe(value));

  it.each([
    '10 eggs - 3 + 4',
    '10 times 3 + 4',
    '10 plus 3 + 4',
    '2 X 3 + 4',
    '5 – 3 + 4',
    '2 · 3 + 4',
    '2**3 + 4',
    '20% of 50 + 10',
    'half of 3 + 4',
    'x² 3 + 4',
    '\\cdot 3 + 4',
    'y 3 + 4',
    '|-3 + 4',
    '(2) 3 + 4',
    'f(3 + 4',
    'f(3 + 4)',
    'sqrt (9 + 16)',
    '√(9 + 16)',
    '2(3 + 4)',
    '-(2)(3 + 4)',
    '3:4 + 1',
    'v1.2 + 3',
    '2024-05-01 + 3',
    '0x10 + 3',
    '1e5 + 3',
    '0,200 + 1',
    '12,34 + 1',
    '5! 3! + 4',
    '3 + 4 % ',
    '7 - 5 mod',
    '50% -3 + 4',
    'rising(letters("ab")',
    '2 × letters("ab")',
    'max("3 + 4")',
  ])('nothing: %s', (before) => expect(evaluate(before)).toBeUndefined());
});

describe('arithmetic', () => {
  it.each([
    ['7 mod -3', '-2'],
    ['-7.5 mod 2', '0.5'],
    ['2 + 7 mod 4 × 3', '11'],
    ['2^-3', '0.125'],
    ['-(2 + 3)^2', '-25'],
    ['(-2)^3', '-8'],
    ['1 ÷ 3 × 3', '1'],
    ['1/3 + 1/6', '0.5'],
    ['1 ÷ 64', '0.015625'],
    ['€1,234.50 − 0.5', '1234'],
    ['0 × -4', '0'],
    ['3x4', '12'],
    ['2^200', String(2n ** 200n)],
  ])('%s', (before, value) => expect(evaluate(before)).toBe(value));

  it.each(['1 ÷ 128', '3 ÷ 0', '3 ÷ (2 - 2)', '0^0', '0^-1', '3 mod (1 - 1)', '2^201', '2^(1 ÷ 2)'])(
    'nothing: %s',
    (before) => expect(evaluate(before)).toBeUndefined(),
  );
});

describe('calls', () => {
  it.each([
    ['letters("👩‍👩‍👧‍👦é")', '👩‍👩‍👧‍👦-é'],
    ['length("e\u0301a")', '2'],
    ['letter("cat", 1)', 'c'],
    ['count("Banana", "A")', '3'],
    ['count("banana", "AN")', undefined],
    ['sort("b", "B", "a", "A")', 'A, a, B, b'],
    ['sort(2, 1.50, -3)', '-3, 1.50, 2'],
    ['max(−2, -3)', '-2'],
    ['max(1,200)', undefined],
    ['max(3,5)', '5'],
    ['mean(1, 1, 2)', undefined],
    ['sum(1.5, 2.25)', '3.75'],
    ['is_prime(2)', 'yes'],
    ['is_prime(1)', 'no'],
    ['is_prime(-7)', 'no'],
    ['is_prime(3215031751)', 'no'],
    ['is_prime(1000000007)', 'yes'],
    ['is_prime(2 + 3)', undefined],
    ['count_if("odd", 1, -3, 4)', '2'],
    ['count_if("odd", 1.5)', undefined],
    ['count_if("over -1.5", -1, -2)', '1'],
    ['count_if("even")', undefined],
    ['day("monday" + -1)', 'Sunday'],
    ['day("Monday" + 1.5)', undefined],
    ['day("Monday")', undefined],
    ['time("11:45" + "1:30")', '1:15'],
    ['time("12:05" + "0:10")', '12:15'],
    ['time("12:50" + "0:10")', '1:00'],
    ['time("13:50" + "11:15")', '1:05'],
    ['time("0:10" + "23:55")', '0:05'],
    ['time("9:60" + "0:10")', undefined],
    ['date("February 28" + 1)', 'March 1'],
    ['date("January 1" + -1)', 'December 31'],
    ['date("May 5" + 365)', 'May 5'],
    ['date("April 31" + 1)', undefined],
    ['letters("ice cream")', undefined],
    ['letters(" cat")', 'c-a-t'],
    ['reverse("cat ")', 'tac'],
    ['letters(" ")', undefined],
    ['reverse("(a)")', undefined],
    ['constructor("a")', undefined],
    ['max(1, 2,)', undefined],
    ['max(1 2)', undefined],
  ])('%s', (before, value) => expect(evaluate(before)).toBe(value));

  it('are each known under one name', () => {
    expect(new Set(calls.map(({ name }) => name)).size).toBe(calls.length);
  });

  it('are all in the documentation, in examples that hold', () => {
    const page = readFileSync(new URL('../../docs/evaluator.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `(\w+\(.*?\))` \|.*\| `(.+)` = `(.+)` \|$/gm)];
    expect(rows.map(([, form]) => form)).toEqual(calls.map(({ name, takes }) => `${name}(${takes})`));
    for (const [, , example = '', value] of rows)
      expect({ example, value: evaluate(example) }).toEqual({ example, value });
  });
});

describe('hostile lines have no value', () => {
  const repeated = (piece: string, times: number) => piece.repeat(times);
  it.each([
    ['an expression of 1 MB', `${repeated('1+', 500_000)}1`],
    ['501 characters', `${repeated('1+', 250)}1`],
    ['a number of 1 MB', `${repeated('9', 1_000_000)} + 1`],
    ['a number of 61 digits', `1${repeated('0', 60)} + 1`],
    ['10,000 brackets', `${repeated('(', 10_000)}1 + 1${repeated(')', 10_000)}`],
    ['33 brackets', `${repeated('(', 33)}1 + 1${repeated(')', 33)}`],
    ['unclosed brackets behind', `1 + 1${repeated(')', 200)}`],
    ['a tower', '9^9^9'],
    ['powers of powers', '((9^99)^99)^99'],
    ['a value of 121 characters', '10^120 + 1'],
    ['nested calls', `${repeated('max(', 100)}1${repeated(')', 100)}`],
    ['a call in a call', 'length(reverse("abc"))'],
    ['NUL in an expression', '3 +\0 4'],
    ['NUL before an expression', 'a\0 3 + 4'],
    ['NUL in a word', 'letters("a\0b")'],
    ['an unmatched quote', 'letters("abc)'],
    ['a quote too many', 'letters("abc"")'],
    ['a lone surrogate in a word', 'letters("a\ud800b")'],
    ['a lone surrogate in an expression', '3 + \udc004'],
    ['a letters value of over 120 characters', `letters("${repeated('a', 61)}")`],
    ['a call of 501 characters', `length("${repeated('a', 491)}")`],
    ['an argument of 61 digits', `max(1${repeated('0', 60)}, 1)`],
    ['a prime beyond the exact test', 'is_prime(3317044064679887385961981)'],
  ])('%s', (_, before) => expect(evaluate(before)).toBeUndefined());

  it('while the largest that is allowed has one', () => {
    expect(evaluate(`${repeated('1+', 249)}1`)).toBe('250');
    expect(evaluate(`${repeated('9', 60)} + 1`)).toBe(`1${repeated('0', 60)}`);
    expect(evaluate(`${repeated('(', 32)}1 + 1${repeated(')', 32)}`)).toBe('2');
    expect(evaluate('10^119 + 1')).toBe(`1${repeated('0', 118)}1`);
    expect(evaluate(`length("${repeated('a', 490)}")`)).toBe('490');
  });
});
