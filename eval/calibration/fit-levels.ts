import type { EffortLevel, EffortTable } from '../../src/contracts/service/effort-table.ts';
import { naturalLength } from '../../src/contracts/service/natural-length.ts';
import { average, type Estimate, pairedDifference, wilson } from '../statistics.ts';
import type { MeasuredChain } from './measured-chain.ts';
import type { LevelRun } from './run-level.ts';

export type LevelName = keyof EffortTable['levels'];
export const levelNames = ['low', 'medium', 'high', 'xhigh', 'max'] as const satisfies readonly LevelName[];

/** The most chains and revisions of each level; thinking stops as soon as enough chains agree. */
export const ladder: Record<LevelName, { samples: number; revisions: number }> = {
  low: { samples: 1, revisions: 2 },
  medium: { samples: 3, revisions: 4 },
  high: { samples: 5, revisions: 4 },
  xhigh: { samples: 8, revisions: 6 },
  max: { samples: 16, revisions: 8 },
};

/** A few more tokens do no harm. */
const lengthStep = 16;

/**
 * The thinking tokens within which 95 % of chains end by themselves, rounded; `ceiling` if too many were stopped there.
 */
export function fitNatural(chains: readonly MeasuredChain[], ceiling: number): number {
  const lengths = chains.map(({ thinkingTokens: tokens, stop }) => ({ tokens, ended: stop === 'natural' }));
  return Math.min(ceiling, Math.ceil(((naturalLength(lengths) ?? ceiling) + 1) / lengthStep) * lengthStep);
}

/** The limits of each level: room for whole chains and revisions, because a cut chain is worth little. */
export function proposeLevels(options: {
  natural: number;
  revise: boolean;
  strategy: string;
  agreement(samples: number): Pick<EffortLevel, 'agree' | 'wave'>;
}): EffortTable['levels'] {
  const level = (name: LevelName): EffortLevel => {
    const { samples, revisions } = ladder[name];
    const max_revisions = options.revise ? revisions : 0;
    return {
      strategy: options.strategy,
      // Room for one more chain, because one in twenty is longer than its natural length.
      budget_tokens: (samples + max_revisions + 1) * options.natural,
      samples,
      ...options.agreement(samples),
      max_revisions,
    };
  };
  return { low: level('low'), medium: level('medium'), high: level('high'), xhigh: level('xhigh'), max: level('max') };
}

type LevelFigures = {
  accuracy: Estimate;
  tokens: number;
  /** Compared with the best lower level that is not merged. */
  againstBelow?: Estimate;
  /** The level was not better than this one, and has its limits. */
  mergedWith?: LevelName;
};

/**
 * Merges a level that is not better than the one below. `medium` stays above `low` whatever it gains: the agreement of an
 * independent chain is what its verdict rests on. `runs`: the same questions in the same order.
 */
export function mergeLevels(
  levels: EffortTable['levels'],
  runs: Record<LevelName, readonly LevelRun[]>,
): { levels: EffortTable['levels']; figures: Record<string, LevelFigures> } {
  const merged = { ...levels };
  const figures: Record<string, LevelFigures> = {};
  let standing: LevelName = 'low';
  for (const name of levelNames) {
    const own = runs[name];
    const figure = {
      accuracy: wilson(own.filter(({ right }) => right).length, own.length),
      tokens: average(own.map(({ tokens }) => tokens)),
    };
    if (name === 'low') {
      figures[name] = figure;
      continue;
    }
    const below = runs[standing];
    const against = pairedDifference(
      own.map(({ right }, index) => ({ base: below[index]?.right ?? false, other: right })),
    );
    if (against.value > 0 || name === 'medium') {
      standing = name;
      figures[name] = { ...figure, againstBelow: against };
    } else {
      merged[name] = levels[standing];
      figures[name] = { ...figure, againstBelow: against, mergedWith: standing };
    }
  }
  return { levels: merged, figures };
}
