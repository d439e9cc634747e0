import type { EffortTable } from '../../src/contracts/effort-table.ts';
import { voteState } from '../../src/reasoning/adaptive-stop.ts';
import { needsRevision } from '../../src/reasoning/candidate.ts';
import { decide } from '../../src/reasoning/decide.ts';
import { heaviestBallot } from '../../src/reasoning/vote.ts';
import { average } from '../statistics.ts';
import { candidateOfChain, type MeasuredChain, type MeasuredQuestion } from './measured-chain.ts';

/** Wanted probabilities that are tried, the safest first. */
const probabilities: readonly number[] = [0.95, 0.9, 0.85, 0.8, 0.75, 0.7];
/** Of all questions: what stopping early may lose. */
const mayLose = 0.005;
/** Chains after which the vote is looked at, as the strategies' waves have it. */
const looks: readonly number[] = [1, 3, 5];

export type SettledFigure = { probability: number; right: number; tokens: number };

/**
 * The lowest wanted probability that loses nothing against running all chains, both for a vote of checked chains (with the
 * draft) and for a bare one: adaptive consistency (arXiv 2305.11860) with its threshold measured.
 */
export function fitSettled(
  measured: readonly MeasuredQuestion[],
  table: EffortTable,
): { value: number; figures: { checked: SettledFigure[]; bare: SettledFigure[] } } {
  const bare = measured.map(withoutChecks);
  const figuresOf = (questions: readonly MeasuredQuestion[], draft: boolean): SettledFigure[] =>
    [1.1, ...probabilities].map((probability) => {
      const runs = questions.map((question) => stopped(question, { table, draft, probability }));
      return {
        probability,
        right: average(runs.map(({ right }) => Number(right))),
        tokens: average(runs.map(({ tokens }) => tokens)),
      };
    });
  const figures = { checked: figuresOf(measured, true), bare: figuresOf(bare, false) };
  const keeps = ([whole, ...tried]: readonly SettledFigure[]): ReadonlySet<number> =>
    new Set(tried.filter(({ right }) => right >= (whole?.right ?? 0) - mayLose).map(({ probability }) => probability));
  const [checked, plain] = [keeps(figures.checked), keeps(figures.bare)];
  const value = probabilities.findLast((one) => checked.has(one) && plain.has(one)) ?? 0.95;
  return { value, figures };
}

function withoutChecks(question: MeasuredQuestion): MeasuredQuestion {
  return { ...question, chains: question.chains.map((chain) => ({ ...chain, checks: [] })) };
}

/** One question as a strategy would run it that stops at this probability (beyond 1: never). */
function stopped(
  { question, draft, chains }: MeasuredQuestion,
  options: { table: EffortTable; draft: boolean; probability: number },
): { right: boolean; tokens: number } {
  const { table, probability } = options;
  const { sample, sound = 0 } = table.ballot_weights;
  for (const count of [...looks.filter((look) => look < chains.length), chains.length]) {
    const ballots: MeasuredChain[] = [...(options.draft ? [draft] : []), ...chains.slice(0, count)];
    const candidates = ballots.map((chain) => candidateOfChain(chain, question));
    const { winner, tally } = decide(candidates, table, { filter: true, choose: 'vote' });
    const fails = needsRevision(winner);
    const state = voteState(tally, {
      samplesLeft: chains.length - count,
      heaviestBallot: heaviestBallot(sample + sound),
      wanted: probability,
    });
    if (count < chains.length && (state !== 'settled' || fails || winner?.source === 'draft')) continue;
    const chosen = winner === undefined ? undefined : ballots[candidates.indexOf(winner)];
    const tokens = chains.slice(0, count).reduce((sum, chain) => sum + chain.thinkingTokens + chain.answerTokens, 0);
    return { right: chosen?.right ?? false, tokens };
  }
  return { right: draft.right, tokens: 0 };
}
