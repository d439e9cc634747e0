import type { BallotWeights } from '../contracts/effort-table.ts';
import type { TallyEntry } from '../contracts/trace.ts';
import type { AnswerKind, NormalAnswer } from './normal-answer.ts';
import { sameAnswer, showAnswer } from './normalise.ts';

export type BallotSource = 'draft' | 'greedy' | 'sample' | 'handed_over' | 'revised';

export type Ballot = {
  answer: NormalAnswer;
  source: BallotSource;
  /** The greedy chain's ballot, revised or not, breaks ties. */
  greedy: boolean;
  /** Nats; see `SampleScores`. */
  selfCertainty?: number;
  /** `sound`: lines were judged and none was wrong; `unsound`: a wrong line is still in it. */
  lines?: 'sound' | 'unsound';
};

export type Tally = {
  entries: ReadonlyArray<{
    answer: NormalAnswer;
    ballots: number;
    weight: number;
    probability: number;
    greedy: boolean;
  }>;
};

/**
 * Wrong answers that a wrong ballot is spread over. Two wrong ballots seldom name the same number, so ballots that agree
 * say more than each alone; between yes and no they say no more than their own odds.
 */
const wrongAnswers: Readonly<Record<AnswerKind, number>> = {
  truth: 1,
  choice: 3,
  time: 10,
  date: 10,
  number: 10,
  list: 10,
  json: 10,
  text: 10,
};

/** A ballot against its own answer would reward silence: no ballot weighs less than this. */
const leastWeight = 0.01;

/**
 * Adds up ballots by answer. A ballot weighs the log-odds of its source as calibrated, its self-certainty against the
 * mean of all, and what the line checks found, plus the log of the wrong answers it could have named; an answer's
 * probability follows from the sums, unnamed answers included, so one ballot alone gives its own calibrated probability.
 */
export function tallyBallots(
  ballots: readonly Ballot[],
  table: { ballot_weights: BallotWeights; self_certainty_weight: number },
): Tally {
  const groups: Array<{ answer: NormalAnswer; ballots: number; weight: number; greedy: boolean }> = [];
  const certainties = ballots.flatMap((ballot) => ballot.selfCertainty ?? []);
  const mean = certainties.length === 0 ? 0 : certainties.reduce((sum, one) => sum + one, 0) / certainties.length;
  for (const ballot of ballots) {
    const weight = ballotWeight(ballot, mean, table);
    const group = groups.find((one) => sameAnswer(one.answer, ballot.answer));
    if (group === undefined) groups.push({ answer: ballot.answer, ballots: 1, weight, greedy: ballot.greedy });
    else {
      group.ballots += 1;
      group.weight += weight;
      group.greedy ||= ballot.greedy;
      // A unit that only some write is shown.
      if (group.answer.unit === undefined) group.answer = ballot.answer;
    }
  }
  const spread = Math.max(1, ...groups.map((group) => wrongAnswers[group.answer.kind]));
  const unnamed = Math.max(0, spread + 1 - groups.length);
  const total = groups.reduce((sum, group) => sum + Math.exp(group.weight), unnamed);
  const entries = groups
    .map((group) => ({ ...group, probability: Math.exp(group.weight) / total }))
    .sort((a, b) => b.weight - a.weight || Number(b.greedy) - Number(a.greedy));
  return { entries };
}

function ballotWeight(
  ballot: Ballot,
  meanCertainty: number,
  table: { ballot_weights: BallotWeights; self_certainty_weight: number },
): number {
  const { ballot_weights: weights } = table;
  const certainty =
    ballot.selfCertainty === undefined ? 0 : table.self_certainty_weight * (ballot.selfCertainty - meanCertainty);
  const lines = ballot.lines === undefined ? 0 : (weights[ballot.lines] ?? 0);
  const odds = weights[ballot.source] + certainty + lines;
  return Math.max(leastWeight, odds + Math.log(wrongAnswers[ballot.answer.kind]));
}

/** The most that a ballot of these log-odds can weigh. */
export function heaviestBallot(odds: number): number {
  return Math.max(leastWeight, odds + Math.log(wrongAnswers.number));
}

/** As the trace shows it. */
export function showTally(tally: Tally): TallyEntry[] {
  return tally.entries.map(({ answer, ballots, weight }) => ({
    answer: showAnswer(answer),
    ballots,
    weight: Math.round(weight * 1000) / 1000,
  }));
}
