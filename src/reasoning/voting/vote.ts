import type { NormalAnswer } from '../../answers/normal-answer.ts';
import { sameAnswer, showAnswer } from '../../answers/normalise.ts';
import type { TallyEntry } from '../../contracts/responses/trace.ts';

export type Vote = {
  answer: NormalAnswer;
  /** No check found anything wrong with its chain. */
  sound: boolean;
  /** The vote of the greedy chain, revised or not. */
  greedy: boolean;
  /** Tokens of its chain's thought. */
  length: number;
};

export type Tally = {
  entries: ReadonlyArray<{
    answer: NormalAnswer;
    ballots: number;
    /** Votes of chains in which no check found anything wrong. */
    sound: number;
    greedy: boolean;
    /** Of the shortest thought that came to this answer. Tokens. */
    shortest: number;
  }>;
};

/**
 * Counts votes by answer (self-consistency, arXiv 2203.11171), the leader first. Votes of chains that a check found wrong
 * count only between answers that have equally many sound ones. A tie goes to the greedy chain's answer, then to the one
 * that came first: of a model's chains the shorter ones are right more often (arXiv 2505.17813).
 */
export function tallyVotes(votes: readonly Vote[]): Tally {
  const groups: Array<{ answer: NormalAnswer; ballots: number; sound: number; greedy: boolean; shortest: number }> = [];
  for (const { answer, sound, greedy, length } of votes) {
    const group = groups.find((one) => sameAnswer(one.answer, answer));
    if (group === undefined) groups.push({ answer, ballots: 1, sound: Number(sound), greedy, shortest: length });
    else {
      group.ballots += 1;
      group.sound += Number(sound);
      group.greedy ||= greedy;
      group.shortest = Math.min(group.shortest, length);
      // A unit that only some write is shown.
      if (group.answer.unit === undefined) group.answer = answer;
    }
  }
  const entries = groups.sort(
    (a, b) =>
      b.sound - a.sound || b.ballots - a.ballots || Number(b.greedy) - Number(a.greedy) || a.shortest - b.shortest,
  );
  return { entries };
}

/** As the trace shows it. */
export function showTally(tally: Tally): TallyEntry[] {
  return tally.entries.map(({ answer, ballots }) => ({ answer: showAnswer(answer), ballots }));
}
