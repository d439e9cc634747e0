import type { EvaluationArm } from '../../../../src/contracts/service/evaluation.ts';

/** A way of asking as a point of the chart: tokens a question across, accuracy with its interval upwards. */
export type AccuracyPoint = {
  arm: string;
  tokens: number;
  value: number;
  low: number;
  high: number;
  /** Fast and one greedy chain: what the rest is held against. Efforts are joined by a line. */
  kind: 'baseline' | 'effort' | 'variant';
};

const levels = ['low', 'medium', 'high', 'xhigh', 'max'];

/** Points in order of their tokens. */
export function accuracyPoints(arms: readonly EvaluationArm[]): AccuracyPoint[] {
  return arms
    .map(({ arm, output_tokens: tokens, accuracy }): AccuracyPoint => {
      const kind = arm === 'none' || arm === 'greedy' ? 'baseline' : levels.includes(arm) ? 'effort' : 'variant';
      // A logarithmic axis has no zero.
      return { arm, tokens: Math.max(1, tokens), ...accuracy, kind };
    })
    .sort((one, other) => one.tokens - other.tokens);
}

/** The axis of tokens: from a round number below the least to one above the most. */
export function tokenDomain(points: readonly { tokens: number }[]): [number, number] {
  const all = points.map(({ tokens }) => tokens);
  const least = Math.min(...all);
  const most = Math.max(...all);
  return [roundDown(least / 1.4), roundUp(most * 1.4)];
}

/** 1, 2 and 5 times the powers of ten within a domain. */
export function tokenTicks([from, to]: readonly [number, number]): number[] {
  const ticks: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(from)); power <= to; power *= 10) {
    for (const step of [1, 2, 5]) if (power * step >= from && power * step <= to) ticks.push(power * step);
  }
  return ticks;
}

function roundDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([5, 2, 1].find((step) => step * power <= value) ?? 1) * power;
}

function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

/** A phase as a piece of a waterfall: from the share right before it to the share right after it. */
export type WaterfallStep = {
  phase: string;
  from: number;
  to: number;
  gained: number;
  lost: number;
  questions: number;
};

/** The phases of an arm in order; those that nothing went by are left out. */
export function waterfall(arm: Pick<EvaluationArm, 'phases'>): WaterfallStep[] {
  const shares = arm.phases.filter(({ questions }) => questions > 0);
  return shares.map(({ phase, questions, right, wrong_to_right: gained, right_to_wrong: lost }, index) => {
    const before = shares[index - 1];
    const from = before === undefined ? 0 : before.right / before.questions;
    return { phase, questions, from, to: right / questions, gained, lost };
  });
}
