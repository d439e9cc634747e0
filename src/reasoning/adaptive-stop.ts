import type { Tally } from './vote.ts';

/**
 * Probability that the leader of a vote would still lead with more and more samples: of Beta(leader + 1, second + 1)
 * lying above one half (adaptive consistency, arXiv 2305.11860, its Beta rule). Counts need not be whole.
 */
export function leadProbability(leader: number, second: number): number {
  return 1 - incompleteBeta(0.5, leader + 1, second + 1);
}

export type VoteState = 'open' | 'settled' | 'cannot_turn';

/**
 * `settled`: the leader holds with the wanted probability, by the ballots' counts or by their calibrated weights.
 * `cannot_turn`: not even if all samples that are left voted for the second, each with `heaviestBallot`.
 */
export function voteState(
  tally: Tally,
  options: { samplesLeft: number; heaviestBallot: number; wanted: number },
): VoteState {
  const [first, second] = tally.entries;
  if (first === undefined) return 'open';
  if (first.weight > (second?.weight ?? 0) + options.samplesLeft * options.heaviestBallot) return 'cannot_turn';
  // One ballot alone is no vote yet, whatever probability is wanted.
  const others = Math.max(0, ...tally.entries.slice(1).map((entry) => entry.ballots));
  const byCount = first.ballots < 2 ? 0 : leadProbability(first.ballots, others);
  return Math.max(byCount, first.probability) >= options.wanted ? 'settled' : 'open';
}

/** The regularised incomplete beta function I_x(a, b), by its continued fraction (Lentz). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on this side only; I_x(a, b) = 1 - I_1-x(b, a).
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x)) / a;
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1), tiny);
  let fraction = d;
  for (let m = 1; m <= 200; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d, tiny);
    c = nonZero(1 + even / c, tiny);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d, tiny);
    c = nonZero(1 + odd / c, tiny);
    const step = d * c;
    fraction *= step;
    if (Math.abs(step - 1) < 1e-12) break;
  }
  return front * fraction;
}

function nonZero(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

/** ln Γ(z) for z > 0 (Stirling's series, shifted to where it is exact to 1e-12). */
function logGamma(z: number): number {
  let shift = 0;
  let x = z;
  for (; x < 12; x += 1) shift += Math.log(x);
  const inverse = 1 / (x * x);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
