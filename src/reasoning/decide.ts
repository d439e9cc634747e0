import type { EffortTable } from '../contracts/effort-table.ts';
import { ballotsOf, type Candidate, failedValue, isWhole, needsRevision } from './candidate.ts';
import { sameAnswer, showAnswer } from './normalise.ts';
import { isEmptyAnswer } from './sample.ts';
import { type Tally, tallyBallots } from './vote.ts';

export type Decision = {
  winner: Candidate | undefined;
  tally: Tally;
  /** No answer has a value, the draft's included, and a chain has thought that no check found wrong: no vote will ever settle it. */
  inWords: boolean;
  because: string;
};

/**
 * Filter, then vote: candidates whose value a check found wrong are dropped while any other is left, so are those that were
 * cut or go round in circles, the others' ballots are tallied, and the best candidate of the leading answer gives its text.
 * Where no answer can be read (a letter, a summary), they are ranked by verdict and confidence. The draft counts as one
 * ballot, so it stands only where no chain gives an answer or where its calibrated weight is higher.
 */
export function decide(
  candidates: readonly Candidate[],
  table: EffortTable,
  plan: { filter: boolean; choose: 'vote' | 'rank'; adaptive?: boolean },
): Decision {
  const answered = candidates.filter((candidate) => !isEmptyAnswer(candidate.answer));
  const sound = plan.filter ? answered.filter((candidate) => failedValue(candidate) === undefined) : answered;
  // A draft that a check refuted stays out even where all chains failed too: one of them at least has thought.
  const unrefuted = sound.length > 0 ? sound : answered;
  const whole = unrefuted.filter(isWhole);
  const standing = whole.length > 0 ? whole : unrefuted;
  const tally = tallyBallots(ballotsOf(standing), table);
  const leader = plan.choose === 'vote' ? tally.entries[0] : undefined;
  const voters =
    leader === undefined
      ? []
      : standing.filter((one) => one.value !== undefined && sameAnswer(one.value, leader.answer));
  const thinkers = voters.filter((one) => one.source !== 'draft');
  const winner = best(thinkers.length > 0 ? thinkers : voters) ?? best(chains(standing)) ?? best(standing);
  const thought = chains(unrefuted).filter((chain) => !needsRevision(chain));
  const isOpen = plan.choose === 'vote' && unrefuted.every((one) => one.value === undefined);
  // Where all that stands goes in circles, another chain may not.
  const inWords = isOpen && thought.length > 0 && winner?.circles === false;
  const dropped = { refuted: answered.length - sound.length, unfinished: unrefuted.length - standing.length };
  const isAlone = plan.adaptive === true && inWords && winner !== undefined && chains(answered).length === 1;
  const because = isAlone ? oneChain(winner) : reason(winner, tally, dropped, sound.length === 0);
  return { winner, tally, inWords, because };
}

function chains(candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter((candidate) => candidate.source !== 'draft');
}

/** Confirmed first, then with fewer wrong lines, then the greedy chain, then the most confident. */
function best(candidates: readonly Candidate[]): Candidate | undefined {
  const rank = (candidate: Candidate): number[] => [
    candidate.checks.filter((check) => check.confirms && check.verdict === 'pass').length,
    -candidate.checks.filter((check) => check.verdict === 'fail').length,
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

function oneChain(winner: Candidate): string {
  const stands = winner.source === 'draft' ? ' Its answer was cut or went round in circles, so the draft stands.' : '';
  return `No answer that could be voted on; one chain is enough.${stands}`;
}

function reason(
  winner: Candidate | undefined,
  tally: Tally,
  dropped: { refuted: number; unfinished: number },
  allFailed: boolean,
): string {
  if (winner === undefined) return 'There is no answer.';
  if (allFailed) return 'Every answer failed a check; the one that failed least stands.';
  const filtered = `${told(dropped.refuted, 'dropped by checks')}${told(dropped.unfinished, 'left out, cut or going round in circles')}`;
  const leader = tally.entries[0];
  if (leader === undefined || winner.value === undefined) return `The most confident answer stands.${filtered}`;
  const share = `${leader.ballots} ${leader.ballots === 1 ? 'ballot' : 'ballots'}, probability ${leader.probability.toFixed(2)}`;
  return `${showAnswer(leader.answer)} leads the vote (${share}).${filtered}`;
}

function told(answers: number, what: string): string {
  return answers === 0 ? '' : ` ${answers} ${answers === 1 ? 'answer was' : 'answers were'} ${what}.`;
}
