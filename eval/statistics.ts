/** A proportion or difference with its 95 % interval, as fractions of 1. */
export type Estimate = { value: number; low: number; high: number };

/** 97.5th percentile of the normal distribution. */
const z = 1.959964;

/** Share of right answers with Wilson's score interval. NaN for no answers. */
export function wilson(right: number, total: number): Estimate {
  const value = right / total;
  const spread = 1 + z ** 2 / total;
  const centre = (value + z ** 2 / (2 * total)) / spread;
  const half = (z * Math.sqrt((value * (1 - value)) / total + z ** 2 / (4 * total ** 2))) / spread;
  return { value, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/**
 * Difference of two accuracies over the same questions, `other` minus `base`, with the adjusted Wald interval of Bonett
 * and Price (2012, "Adjusted Wald confidence interval for a difference of binomial proportions based on paired data").
 * @param pairs whether each was right; the caller leaves out questions that only one of them has answered
 */
export function pairedDifference(pairs: ReadonlyArray<{ base: boolean; other: boolean }>): Estimate & Discordance {
  const gained = pairs.filter(({ base, other }) => !base && other).length;
  const lost = pairs.filter(({ base, other }) => base && !other).length;
  const [up, down] = [(gained + 1) / (pairs.length + 2), (lost + 1) / (pairs.length + 2)];
  const half = z * Math.sqrt((up + down - (up - down) ** 2) / (pairs.length + 2));
  const value = (gained - lost) / pairs.length;
  return { value, low: Math.max(-1, up - down - half), high: Math.min(1, up - down + half), gained, lost };
}

/** Questions that only one of the two got right. */
export type Discordance = { gained: number; lost: number };

/** Area under the ROC curve: how often a right one scores higher than a wrong one, ties counted half. NaN without both. */
export function areaUnderCurve(scored: ReadonlyArray<{ score: number; right: boolean }>): number {
  const [rights, wrongs] = [scored.filter(({ right }) => right), scored.filter(({ right }) => !right)];
  let wins = 0;
  for (const { score } of rights) {
    for (const wrong of wrongs) wins += score > wrong.score ? 1 : score === wrong.score ? 0.5 : 0;
  }
  return wins / (rights.length * wrongs.length);
}

/** The smallest value that at least `share` of the values do not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function average(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

/** A stated probability, and the outcome. */
export type Stated = { probability: number; right: boolean };

/**
 * Expected calibration error over bins of equal size: the mean difference between the probabilities of a bin and its
 * share of right answers (Nguyen and O'Connor 2015, with absolute differences). NaN for none.
 */
export function calibrationError(stated: readonly Stated[], bins = 5): number {
  const sorted = stated.toSorted((a, b) => a.probability - b.probability);
  const edge = (bin: number): number => Math.round((bin * sorted.length) / bins);
  const gaps = Array.from({ length: bins }, (_, bin) => {
    const members = sorted.slice(edge(bin), edge(bin + 1));
    // Summed, not averaged, so that each bin has the weight of its size.
    return Math.abs(members.reduce((sum, one) => sum + one.probability - Number(one.right), 0));
  });
  return gaps.reduce((sum, gap) => sum + gap, 0) / sorted.length;
}
