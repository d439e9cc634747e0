import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { evaluate } from '../../src/evaluator/evaluate.ts';

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
});
