import type { BallotWeights } from '../../src/contracts/effort-table.ts';
import { areaUnderCurve, logOdds } from '../statistics.ts';
import type { MeasuredChain, MeasuredQuestion } from './measured-chain.ts';

export type SourceFigure = { answers: number; right: number };
export type BallotFit = {
  weights: BallotWeights;
  selfCertaintyWeight: number;
  figures: { sources: Record<string, SourceFigure>; lines: Record<string, SourceFigure>; selfCertaintyAuc: number };
};

/** A source that was seen less often than this keeps the weight that it had. */
const leastAnswers = 10;
/** Self-certainty that tells right from wrong no better than this has no say. */
const leastAuc = 0.55;

/** Log-odds of each source as measured, what line checks add to them, and what a nat of self-certainty is worth. */
export function fitBallots(measured: readonly MeasuredQuestion[], before: BallotWeights): BallotFit {
  const chains = measured.flatMap((question) => question.chains);
  const sources = {
    draft: figure(measured.map(({ draft }) => draft)),
    greedy: figure(chains.filter((chain) => chain.source === 'greedy' && endedByItself(chain))),
    sample: figure(chains.filter((chain) => chain.source === 'sample' && endedByItself(chain))),
    handed_over: figure(measured.flatMap(({ handedOver }) => handedOver ?? [])),
  };
  const lines = {
    sound: figure(chains.filter((chain) => lineState(chain) === 'sound')),
    unsound: figure(chains.filter((chain) => lineState(chain) === 'unsound')),
    all: figure(chains),
  };
  const weight = (name: keyof typeof sources) => sourceWeight(sources[name], before[name]);
  const shift = (name: 'sound' | 'unsound') =>
    lines[name].answers < leastAnswers
      ? {}
      : {
          [name]: rounded(
            logOdds(lines[name].right, lines[name].answers) - logOdds(lines.all.right, lines.all.answers),
          ),
        };
  const weights: BallotWeights = {
    draft: weight('draft'),
    greedy: weight('greedy'),
    sample: weight('sample'),
    handed_over: weight('handed_over'),
    revised: before.revised,
    ...shift('sound'),
    ...shift('unsound'),
  };
  const certainties = measured.flatMap(centredCertainties);
  const auc = areaUnderCurve(certainties.map(({ certainty, right }) => ({ score: certainty, right })));
  const slope = auc >= leastAuc ? logisticSlope(certainties, weights) : 0;
  return {
    weights,
    selfCertaintyWeight: rounded(Math.max(0, slope)),
    figures: { sources, lines, selfCertaintyAuc: rounded(auc) },
  };
}

/** Log-odds of a source; `before` where it was hardly seen. */
export function sourceWeight({ answers, right }: SourceFigure, before: number): number {
  return answers < leastAnswers ? before : rounded(logOdds(right, answers));
}

/** Of a chain's line checks, as the vote reads them. */
export function lineState(chain: Pick<MeasuredChain, 'checks'>): 'sound' | 'unsound' | undefined {
  const verdicts = chain.checks.filter((check) => check.judges === 'line').map((check) => check.verdict);
  if (verdicts.includes('fail')) return 'unsound';
  return verdicts.includes('pass') ? 'sound' : undefined;
}

type Certainty = {
  certainty: number;
  right: boolean;
  source: 'greedy' | 'sample';
  lines: ReturnType<typeof lineState>;
};

/** Against the mean of its question, as the vote takes it: how hard a question is, says nothing of its chains. */
function centredCertainties({ chains }: MeasuredQuestion): Certainty[] {
  const known = chains.flatMap((chain) =>
    chain.selfCertainty === undefined ? [] : [{ ...chain, selfCertainty: chain.selfCertainty }],
  );
  const mean = known.reduce((sum, chain) => sum + chain.selfCertainty, 0) / known.length;
  return known.map((chain) => ({
    certainty: chain.selfCertainty - mean,
    right: chain.right,
    source: chain.source === 'greedy' ? 'greedy' : 'sample',
    lines: lineState(chain),
  }));
}

/** Newton's method on the one coefficient of a logistic regression whose offset is the ballot's weight without it. */
function logisticSlope(points: readonly Certainty[], weights: BallotWeights): number {
  let slope = 0;
  for (let round = 0; round < 30; round += 1) {
    let [gradient, curvature] = [0, 1e-6];
    for (const { certainty, right, source, lines } of points) {
      const odds = weights[source] + (lines === undefined ? 0 : (weights[lines] ?? 0)) + slope * certainty;
      const probability = 1 / (1 + Math.exp(-odds));
      gradient += certainty * (Number(right) - probability);
      curvature += certainty ** 2 * probability * (1 - probability);
    }
    slope += gradient / curvature;
  }
  return slope;
}

function endedByItself(chain: MeasuredChain): boolean {
  return chain.stop === 'natural';
}

function figure(chains: readonly MeasuredChain[]): SourceFigure {
  return { answers: chains.length, right: chains.filter(({ right }) => right).length };
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
