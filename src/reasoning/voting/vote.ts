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
  const counted = groupByAnswer(votes, ({ answer }) => answer).map(({ answer, members }) => ({
    answer,
    ballots: members.length,
    sound: members.filter(({ sound }) => sound).length,
    greedy: members.some(({ greedy }) => greedy),
    shortest: Math.min(...members.map(({ length }) => length)),
  }));
  const entries = counted.sort(
    (a, b) =>
      b.sound - a.sound || b.ballots - a.ballots || Number(b.greedy) - Number(a.greedy) || a.shortest - b.shortest,
  );
  return { entries };
}

/**
 * Whether `open` more sound votes can't make another answer win: votes of chains that run, that have not begun, or that may still
 * be revised. A single one that could only make a tie counts as unable to: of tied answers mostly the one that came first wins.
 * Adaptive consistency (arXiv 2305.11860) estimates this; here it is certain. An answer needs two votes of its own.
 */
export function isDecided({ entries: [leader, ...others] }: Tally, open: number): boolean {
  if (leader === undefined || leader.sound < 2) return false;
  // All that are open may come to an answer that nobody has given yet.
  return [...others, { sound: 0, greedy: false }].every((other) => {
    const ahead = leader.sound - other.sound;
    // A tie goes to the greedy chain's answer.
    return ahead > open || (ahead === open && open === 1 && !other.greedy);
  });
}

/** Whether thinking may end with this vote: enough sound chains (`agree`) give the leading answer, or `open` more change nothing. */
export function isSettled(tally: Tally, { agree, open }: { agree: number; open: number }): boolean {
  return (tally.entries[0]?.sound ?? 0) >= agree || isDecided(tally, open);
}

/**
 * Items by answer, each in one group, in order of their first ones: `3` goes with `3 hours` or with `3 minutes`, not with both. A
 * unit that only some write is the group's. Items without an answer are in none.
 */
export function groupByAnswer<Item>(
  items: readonly Item[],
  answerOf: (item: Item) => NormalAnswer | undefined,
): Array<{ answer: NormalAnswer; members: Item[] }> {
  const groups: Array<{ answer: NormalAnswer; members: Item[] }> = [];
  for (const item of items) {
    const answer = answerOf(item);
    if (answer === undefined) continue;
    const group = groups.find((one) => sameAnswer(one.answer, answer));
    if (group === undefined) groups.push({ answer, members: [item] });
    else {
      group.members.push(item);
      if (group.answer.unit === undefined) group.answer = answer;
    }
  }
  return groups;
}

/** As the trace shows it. */
export function showTally(tally: Tally): TallyEntry[] {
  return tally.entries.map(({ answer, ballots }) => ({ answer: showAnswer(answer), ballots }));
}
