import { describe, expect, it } from 'vitest';
import { texDelimiters } from '../../console/src/components/tex-delimiters.ts';
import { column, comparisonOf, parametersOf } from '../../console/src/views/compare/columns.ts';
import { allAgree } from '../../console/src/views/compare/difference.ts';

describe('the address of a comparison', () => {
  it('gives back what went in', () => {
    const comparison = {
      question: 'What is 2 + 2 & 3?',
      columns: [column('none'), { effort: 'high', budget: 512, model: 'org/name', strategy: 'best-of-n' } as const],
      responses: ['resp_a', 'resp_b'],
    };
    expect(comparisonOf(new URLSearchParams(`${parametersOf(comparison)}`))).toEqual(comparison);
  });

  it.each(['', 'c=medium', 'c=nothing&c=none', 'c=none&c=<script>'])(
    'falls back to fast against medium where columns are missing: %s',
    (query) => {
      expect(comparisonOf(new URLSearchParams(query)).columns).toEqual([column('none'), column('medium')]);
    },
  );

  it('takes four columns at most', () => {
    expect(comparisonOf(new URLSearchParams('c=low&c=low&c=low&c=low&c=low')).columns).toHaveLength(4);
  });
});

describe('maths in a model’s text', () => {
  it.each([
    ['inline', 'so \\(x^2\\) it is', 'so $$x^2$$ it is'],
    ['display', 'then\\[x = 1\\]', 'then\n\n$$\nx = 1\n$$\n\n'],
    ['code is left alone', 'write `\\(x\\)`', 'write `\\(x\\)`'],
    ['money is no maths', '$5 and $6', '$5 and $6'],
  ])('%s', (_, text, expected) => expect(texDelimiters(text)).toBe(expected));
});

describe('answers side by side', () => {
  const outcome = (answer: string) => ({
    answer,
    completed: true,
    thinkingTokens: 0,
    beside: { draft: 0, forced: 0, discarded: 0 },
    outputTokens: 1,
    thinkingMs: 0,
    workMs: 0,
    wholeSeconds: 0,
    waited: false,
  });

  it('agree where they say the same, writing aside', () => {
    expect(allAgree([outcome('Seoul.'), outcome(' seoul')])).toBe(true);
    expect(allAgree([outcome('8'), outcome('9')])).toBe(false);
  });

  it('do not agree on nothing: columns that were stopped have no answer', () => {
    expect(allAgree([outcome(''), outcome('')])).toBe(false);
  });
});
