import type { Sampling } from '../../core/language-model.ts';
import type { StrategyContext } from '../strategy.ts';

/**
 * The first chain is greedy where the request asks for temperature 0, and where it asks for none and calibration found the
 * greedy chain better.
 */
export function startsGreedily({ sampling, table }: StrategyContext, greedyPays: boolean): boolean {
  return sampling.temperature === 0 || (sampling.temperature === undefined && greedyPays && table.greedy_first);
}

/** How a request's first chain is drawn. */
export function firstSampling(context: StrategyContext, { greedyPays }: { greedyPays: boolean }): Sampling {
  return startsGreedily(context, greedyPays) ? greedy(context.sampling) : sampled(context, 0);
}

export function greedy(sampling: Sampling): Sampling {
  return { ...sampling, temperature: 0 };
}

/**
 * The request's own temperature; without one, the model's own settings or the table's temperature. At temperature 0 further
 * chains would all be the same, so they take the table's.
 */
export function sampled(context: StrategyContext, stream: number): Sampling {
  const { temperature: asked, ...sampling } = context.sampling;
  const { own_sampling: own, temperature: usual } = context.table;
  const temperature = asked === undefined ? (own ? undefined : usual) : asked > 0 ? asked : usual;
  // Each run has a stream of its own: sample 0 of the second must not repeat sample 0 of the first.
  const seed = sampling.seed === undefined ? {} : { seed: (sampling.seed + Math.imul(stream + 1, 0x9e3779b1)) >>> 1 };
  return { ...sampling, ...seed, ...(temperature === undefined ? {} : { temperature }) };
}
