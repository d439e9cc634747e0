import temml from 'temml';
import { describe, expect, it } from 'vitest';
import { formulaSettings } from '../../console/src/components/formula-settings.ts';
import { texDelimiters } from '../../console/src/components/tex-delimiters.ts';
import { column, columnNames, comparisonOf, parametersOf } from '../../console/src/views/compare/columns.ts';
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

  it('has a name for each column: its effort and strategy, and its model where they differ', () => {
    const efforts = { auto: 'Auto', none: 'Fast', low: 'Low', medium: 'Medium', high: 'High' };
    const names = (...columns: Parameters<typeof columnNames>[0]) => columnNames(columns, efforts);
    const medium = { ...column('medium'), model: 'a' };
    expect(names({ ...column('none'), model: 'a' }, medium)).toEqual(['Fast', 'Medium']);
    expect(names({ ...medium, strategy: 'best-of-n' }, { ...medium, model: 'b' }, column('medium'))).toEqual([
      'Medium, best-of-n, a',
      'Medium, b',
      'Medium',
    ]);
  });

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
    ['single dollars', 'so $x^2$, $a$ and $5$.', 'so $$x^2$$, $$a$$ and $$5$$.'],
    ['words in a formula', '$\\text{total cost} = 5$', '$$\\text{total cost} = 5$$'],
    [
      'prices',
      'US$5 (A$7), $3-$4, or $20/day; he paid $5 and she paid 6$.',
      'US$5 (A$7), $3-$4, or $20/day; he paid $5 and she paid 6$.',
    ],
    ['an escaped dollar', 'it is \\$5 or $x$', 'it is \\$5 or $$x$$'],
    ['double dollars', '$$x$$ and $$\ny\n$$', '$$x$$ and $$\ny\n$$'],
    ['variables of a shell', '`echo $A$` and $5 `x$`', '`echo $A$` and $5 `x$`'],
    ['code without an end', 'so ```\n\\(x\\)', 'so ```\n\\(x\\)'],
    ['a quote that does not close', 'a ` b\n\\(x\\)', 'a ` b\n$$x$$'],
    ['what does not close', 'a \\[ b \\( c\nd \\)', 'a \\[ b \\( c\nd \\)'],
    ['several', '\\(a\\)\\(b\\)', '$$a$$$$b$$'],
  ])('%s', (_, text, expected) => expect(texDelimiters(text)).toBe(expected));

  it.each(['\\[', '\\(', '`', '```', '\\( ` \\[ ', '\\(\n', '```a`\\[', '$', '$a', '$$', '$\n'])(
    'is searched a few times over, however often %j stands there',
    (piece) => {
      const text = piece.repeat(5_000);
      let scanned = 0;
      texDelimiters(text, (mark, from) => {
        const found = text.indexOf(mark, from);
        scanned += (found === -1 ? text.length : found) - from;
        return found;
      });
      expect(scanned).toBeLessThanOrEqual(6 * text.length);
    },
  );

  it.each([
    '\\rule{9999em}{9999em}',
    '\\rule{99999px}{99999mm}',
    '\\rule[9999pt]{99in}{99in}',
    'a\\kern9999em b',
    'a\\hspace{9999em}b',
    '\\raisebox{9999em}{x}',
    '\\genfrac(){9999pt}{0}{a}{b}',
    'a\\\\[9999em]b',
  ])('caps the size in %s', (tex) => {
    const drawn = temml.renderToString(tex, formulaSettings);
    const sizes = [...drawn.matchAll(/(\d+(?:\.\d+)?)(em|pt|px|mm|in|cm)/g)].map(([, number]) => Number(number));
    expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(240);
  });

  it.each([
    '\\href{https://example.com}{x}',
    '\\url{https://example.com}',
    '\\class{page}{x}',
    '\\id{root}{x}',
    '\\style{position:fixed}{x}',
    '\\data{a=b}{x}',
    '\\includegraphics{https://example.com/x.png}',
  ])('leaves %s as it is written', (tex) => {
    expect(() => temml.renderToString(tex, formulaSettings)).toThrow();
  });
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
