import type { EffortTable } from '../contracts/effort-table.ts';
import { ballotsOf, type Candidate, failedValue } from './candidate.ts';
import { sameAnswer, showAnswer } from './normalise.ts';
import { isEmptyAnswer } from './sample.ts';
import { type Tally, tallyBallots } from './vote.ts';

export type Decision = { winner: Candidate | undefined; tally: Tally; because: string };

/**
 * Filter, then vote: candidates whose value a check found wrong are dropped while any other is left, the others' ballots
 * are tallied, and the best candidate of the leading answer gives its text. Where no answer can be read (a letter, a
 * summary), they are ranked by verdict and confidence. The draft counts as one ballot, so it stands only where no chain
 * gives an answer or where its calibrated weight is higher.
 */
export function decide(
  candidates: readonly Candidate[],
  table: EffortTable,
  plan: { filter: boolean; choose: 'vote' | 'rank' },
): Decision {
  const answered = candidates.filter((candidate) => !isEmptyAnswer(candidate.answer));
  const sound = plan.filter ? answered.filter((candidate) => failedValue(candidate) === undefined) : answered;
  // A draft that a check refuted stays out even where all chains failed too: one of them at least has thought.
  const standing = sound.length > 0 ? sound : answered;
  const tally = tallyBallots(ballotsOf(standing), table);
  const leader = plan.choose === 'vote' ? tally.entries[0] : undefined;
  const voters =
    leader === undefined
      ? []
      : standing.filter((one) => one.value !== undefined && sameAnswer(one.value, leader.answer));
  const thinkers = voters.filter((one) => one.source !== 'draft');
  const winner = best(thinkers.length > 0 ? thinkers : voters) ?? best(chains(standing)) ?? best(standing);
  return { winner, tally, because: reason(winner, tally, answered.length - sound.length, sound.length === 0) };
}

function chains(candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter((candidate) => candidate.source !== 'draft');
}

/** Confirmed first, then with fewer wrong lines, then the greedy chain, then the most confident. */
function best(candidates: readonly Candidate[]): Candidate | undefined {
  const rank = (candidate: Candidate): number[] => [
    candidate.checks.filter((check) => check.confirms && check.verdict === 'pass').length,
    -candidate.checks.filter((check) => check.verdict === 'fail').length,
    -Number(candidate.cut),
    Number(candidate.greedy),
    candidate.confidence ?? Number.NEGATIVE_INFINITY,
  ];
  return [...candidates].sort((a, b) => compare(rank(b), rank(a)))[0];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0;
    if (value !== other) return value > other ? 1 : -1;
  }
  return 0;
}

function reason(winner: Candidate | undefined, tally: Tally, dropped: number, allFailed: boolean): string {
  if (winner === undefined) return 'There is no answer.';
  const filtered =
    dropped === 0 ? '' : ` ${dropped} ${dropped === 1 ? 'answer was' : 'answers were'} dropped by checks.`;
  if (allFailed) return 'Every answer failed a check; the one that failed least stands.';
  const leader = tally.entries[0];
  if (leader === undefined || winner.value === undefined) return `The most confident answer stands.${filtered}`;
  const share = `${leader.ballots} ${leader.ballots === 1 ? 'ballot' : 'ballots'}, probability ${leader.probability.toFixed(2)}`;
  return `${showAnswer(leader.answer)} leads the vote (${share}).${filtered}`;
}
