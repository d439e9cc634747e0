import type { EffortLevel, EffortTable } from '../../src/contracts/effort-table.ts';
import { average, type Estimate, pairedDifference, quantile, wilson } from '../statistics.ts';
import type { MeasuredChain } from './measured-chain.ts';
import type { LevelRun } from './run-level.ts';

export type LevelName = keyof EffortTable['levels'];
export const levelNames = ['low', 'medium', 'high', 'xhigh', 'max'] as const satisfies readonly LevelName[];

/** Chains and revisions that each level may use; adaptive stopping spends them only where a vote is open. */
const ladder: Record<LevelName, { samples: number; revisions: number }> = {
  low: { samples: 1, revisions: 2 },
  medium: { samples: 3, revisions: 4 },
  high: { samples: 8, revisions: 4 },
  xhigh: { samples: 12, revisions: 6 },
  max: { samples: 16, revisions: 8 },
};

/** Shared of caps: graphs are happier with round lengths, and a few tokens more do no harm. */
const capStep = 16;

/** The thinking tokens within which 95 % of chains end by themselves, at most `ceiling`. */
export function fitCap(chains: readonly MeasuredChain[], ceiling: number): number {
  const lengths = chains.map((chain) => (chain.stop === 'natural' ? chain.thinkingTokens : ceiling));
  return Math.min(ceiling, Math.ceil((quantile(lengths, 0.95) + 1) / capStep) * capStep);
}

/** What each level may spend: its chains and revisions whole, since a cut chain is worth little. */
export function proposeLevels(options: { cap: number; revise: boolean; strategy: string }): EffortTable['levels'] {
  const level = (name: LevelName): EffortLevel => {
    const { samples, revisions } = ladder[name];
    const max_revisions = options.revise ? revisions : 0;
    return {
      strategy: options.strategy,
      budget_tokens: (samples + max_revisions) * options.cap,
      per_sample_tokens: options.cap,
      samples,
      max_revisions,
    };
  };
  return { low: level('low'), medium: level('medium'), high: level('high'), xhigh: level('xhigh'), max: level('max') };
}

export type LevelFigures = {
  accuracy: Estimate;
  tokens: number;
  /** Against the best level below that stands for itself. */
  againstBelow?: Estimate;
  /** It was not better than this one, and does what that one does. */
  mergedWith?: LevelName;
};

/** A level that isn't better than the one below is merged with it. `runs`: the same questions in the same order. */
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
    if (against.value > 0) {
      standing = name;
      figures[name] = { ...figure, againstBelow: against };
    } else {
      merged[name] = levels[standing];
      figures[name] = { ...figure, againstBelow: against, mergedWith: standing };
    }
  }
  return { levels: merged, figures };
}
