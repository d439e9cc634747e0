import type { NormalAnswer } from '../../answers/normal-answer.ts';
import { sameAnswer, showAnswer } from '../../answers/normalise.ts';
import { type Candidate, failedValue, isWhole, needsRevision } from '../sampling/candidate.ts';
import { isEmptyAnswer } from '../sampling/sample.ts';
import { confirmedBy } from './answer-verdict.ts';
import { type Tally, tallyVotes } from './vote.ts';

/** How one of several answers is chosen. */
export type ChoiceRule = {
  /** Answers that a check found wrong are left out while there are others. */
  filter: boolean;
  /** The leading answer's best chain is chosen; otherwise the chain that checks and confidence rank first. */
  vote: boolean;
};

export type Decision = {
  winner: Candidate | undefined;
  tally: Tally;
  /** No answer has a value, and a chain has thought that no check found wrong: no vote will ever settle it. */
  inWords: boolean;
  because: string;
};

/**
 * Filters, then votes. These are left out, in this order, while others remain: answers that were cut or repeat themselves,
 * answers whose value a check found wrong, those that no check of the caller's confirmed, the draft, chains whose thought was
 * cut. The votes of the others are counted, and the best candidate of the leading answer gives its text. Answers without a
 * value (a letter, a summary) are ranked by verdict and confidence.
 */
export function decide(
  candidates: readonly Candidate[],
  rule: ChoiceRule,
  /** The answer that a comparison of tied answers preferred. */
  preferred?: NormalAnswer,
): Decision {
  const answered = candidates.filter((candidate) => !isEmptyAnswer(candidate.answer));
  const isSound = (candidate: Candidate) => !rule.filter || failedValue(candidate) === undefined;
  const whole = orElse(answered.filter(isWhole), answered);
  const sound = whole.filter(isSound);
  // The caller's server may not have replied about the others.
  const confirmed = sound.filter((one) => confirmedBy(one) !== undefined);
  const left = orElse(confirmed, orElse(sound, whole));
  const standing = orElse(chains(left).filter(endedByItself), orElse(chains(left), left));
  const tally = tallyVotes(votesOf(standing, rule));
  const leader = rule.vote ? leaderOf(tally, preferred) : undefined;
  const voters =
    leader === undefined
      ? []
      : standing.filter((one) => one.value !== undefined && sameAnswer(one.value, leader.answer));
  const winner = best(voters) ?? best(standing);
  // Whether its own answer was cut or not.
  const thought = orElse(chains(answered).filter(isSound), chains(answered));
  const isOpen = rule.vote && thought.every((one) => one.value === undefined);
  // If every answer repeats itself, another chain may not.
  const inWords = isOpen && thought.some((one) => !needsRevision(one)) && winner?.end.repeats === false;
  const dropped = { refuted: whole.length - sound.length, unfinished: answered.length - whole.length };
  const because = reason({ winner, tally, preferred }, dropped, sound.length === 0);
  return { winner, tally, inWords, because };
}

function leaderOf({ entries }: Tally, preferred: NormalAnswer | undefined): Tally['entries'][number] | undefined {
  const chosen = entries.find(({ answer }) => preferred !== undefined && sameAnswer(answer, preferred));
  return chosen ?? entries[0];
}

/** Its thought was not cut by budget, deadline, loop or the user. */
export function endedByItself({ origin }: Pick<Candidate, 'origin'>): boolean {
  return !origin.thoughtCut;
}

function orElse(some: Candidate[], others: Candidate[]): Candidate[] {
  return some.length > 0 ? some : others;
}

function chains(candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter((candidate) => candidate.origin.phase !== 'draft');
}

/** Without the filter, the checks' findings do not count. */
function votesOf(candidates: readonly Candidate[], rule: ChoiceRule) {
  return candidates.flatMap(({ value, origin: { greedy }, thoughtTokens: length = 0, checks }) =>
    value === undefined ? [] : [{ answer: value, greedy, length, sound: !rule.filter || !needsRevision({ checks }) }],
  );
}

/** Confirmed first, then with fewer wrong lines, then the greedy chain, then the most confident. */
function best(candidates: readonly Candidate[]): Candidate | undefined {
  const rank = (candidate: Candidate): number[] => [
    candidate.checks.filter((check) => check.confirms && check.verdict === 'pass').length,
    -candidate.checks.filter((check) => check.verdict === 'fail').length,
    Number(candidate.origin.greedy),
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

function reason(
  { winner, tally, preferred }: Pick<Decision, 'winner' | 'tally'> & { preferred: NormalAnswer | undefined },
  dropped: { refuted: number; unfinished: number },
  allFailed: boolean,
): string {
  if (winner === undefined) return 'There is no answer.';
  if (allFailed) return 'Every answer failed a check; the one with the fewest failures was chosen.';
  const filtered = `${count(dropped.refuted, 'dropped by checks')}${count(dropped.unfinished, 'left out: cut or repetitive')}`;
  const leader = tally.entries[0];
  if (leader === undefined || winner.value === undefined) return `The most confident answer was chosen.${filtered}`;
  if (preferred !== undefined && sameAnswer(winner.value, preferred)) {
    return `${showAnswer(preferred)} was preferred when the leading answers were compared.${filtered}`;
  }
  const all = tally.entries.reduce((sum, { ballots }) => sum + ballots, 0);
  const passed = tally.entries.find(({ ballots }) => ballots > leader.ballots);
  const why =
    passed === undefined
      ? ''
      : ` A check found wrong steps in the chains that answered ${showAnswer(passed.answer)}, so their ${passed.ballots} votes count less.`;
  return `${showAnswer(leader.answer)} leads the vote with ${leader.ballots} of ${all} ${all === 1 ? 'vote' : 'votes'}.${why}${filtered}`;
}

function count(answers: number, what: string): string {
  return answers === 0 ? '' : ` ${answers} ${answers === 1 ? 'answer was' : 'answers were'} ${what}.`;
}
