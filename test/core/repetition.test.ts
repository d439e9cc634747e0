import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repeatsItself } from '../../src/core/repetition.ts';

describe('repeatsItself', () => {
  it.each([
    'sea, a, '.repeat(20),
    `I am delighted. ${'Final answer:\nI’m here to help you.\n'.repeat(8)}`,
    `${'The waves come in and go out again, and the wind takes the sand with it. '.repeat(4)}The`,
  ])('finds the circle in %j', (text) => {
    expect(repeatsItself(text)).toBe(true);
  });

  it.each(['', '0 1 0 1 0 1 0 1', 'Row, row, row your boat, gently down the stream. '.repeat(3)])(
    'finds none in %j',
    (text) => {
      expect(repeatsItself(text)).toBe(false);
    },
  );

  it('finds none in true texts', () => {
    const lines = readFileSync(join(import.meta.dirname, '../checks/true-thoughts.jsonl'), 'utf8')
      .trim()
      .split('\n');
    expect(lines.filter((line) => repeatsItself(line))).toEqual([]);
  });

  it('reads a long text in one pass', () => {
    expect(repeatsItself(Array.from({ length: 50_000 }, (_, at) => `word${at}`).join(' '))).toBe(false);
  });
});
