import { expect, test } from 'vitest';
import { accuracyPoints, tokenDomain, tokenTicks, waterfall } from '../../console/src/views/eval/accuracy-scale.ts';
import type { EvaluationArm } from '../../src/contracts/service/evaluation.ts';

const arm = (name: string, tokens: number): EvaluationArm => ({
  arm: name,
  questions: 10,
  right: 5,
  accuracy: { value: 0.5, low: 0.24, high: 0.76 },
  against_fast: null,
  against_greedy: null,
  output_tokens: tokens,
  thinking_tokens: 0,
  seconds: 1,
  seconds_median: 1,
  kinds: [],
  phases: [],
});

test('points stand in order of their tokens, and know what they are', () => {
  const points = accuracyPoints([arm('high', 700), arm('none', 0), arm('high:samples=1', 300), arm('greedy', 80)]);
  expect(points.map(({ arm: name, tokens, kind }) => [name, tokens, kind])).toEqual([
    ['none', 1, 'baseline'],
    ['greedy', 80, 'baseline'],
    ['high:samples=1', 300, 'variant'],
    ['high', 700, 'effort'],
  ]);
});

test.each([
  [
    [7, 578],
    [5, 1000],
  ],
  [[8], [5, 20]],
  [
    [1, 10_000],
    [0.5, 20_000],
  ],
])('the axis of %j goes from %j', (tokens, domain) => {
  const found = tokenDomain(tokens.map((value) => ({ tokens: value })));
  expect(found.map((value) => Number(value.toPrecision(6)))).toEqual(domain);
  for (const tick of tokenTicks(found)) {
    expect(tick).toBeGreaterThanOrEqual(found[0]);
    expect(tick).toBeLessThanOrEqual(found[1]);
  }
});

test('ticks are 1, 2 and 5 times the powers of ten', () => {
  expect(tokenTicks([5, 1000])).toEqual([5, 10, 20, 50, 100, 200, 500, 1000]);
});

test('a waterfall goes on from where the phase before it ended', () => {
  const phase = (name: string, right: number, questions = 10) => ({
    phase: name,
    questions,
    right,
    wrong_to_right: 1,
    right_to_wrong: 0,
  });
  expect(waterfall({ phases: [phase('draft', 2), phase('none', 0, 0), phase('vote', 6)] })).toEqual([
    { phase: 'draft', questions: 10, from: 0, to: 0.2, gained: 1, lost: 0 },
    { phase: 'vote', questions: 10, from: 0.2, to: 0.6, gained: 1, lost: 0 },
  ]);
});
