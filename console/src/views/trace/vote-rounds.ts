import type { TraceStep } from '../../../../src/contracts/responses/trace.ts';
import { sampleTree } from './sample-tree.ts';

/** One answer of a vote. `share`: its votes against the leader's, 0 to 1. */
type VoteBar = {
  answer: string;
  ballots: number;
  share: number;
  leads: boolean;
  /** Whose votes they are; null is the draft. Those that the trace does not show are not named. */
  voters: (number | null)[];
};

export type VoteRound = { index: number; summary: string; bars: VoteBar[] };

/** The votes of a trace in order, with who voted for what as the chains stood then. */
export function voteRounds(steps: readonly TraceStep[]): VoteRound[] {
  return steps
    .filter((step) => step.phase === 'vote' && step.tally !== undefined)
    .map((step) => {
      const tally = step.tally ?? [];
      const most = Math.max(1, ...tally.map(({ ballots }) => ballots));
      const standing = sampleTree(
        steps.filter(({ index, started_at }) => index < step.index || started_at < step.started_at),
      );
      return {
        index: step.index,
        summary: step.summary,
        bars: tally.map((entry, place) => ({
          ...entry,
          share: entry.ballots / most,
          leads: place === 0,
          voters: standing
            .filter((branch) => same(branch.standing.answer, entry.answer))
            .map((branch) => (branch.kind === 'draft' ? null : (branch.sample ?? 0))),
        })),
      };
    });
}

function same(one: string | null, other: string): boolean {
  return one !== null && one.trim().toLowerCase() === other.trim().toLowerCase();
}
