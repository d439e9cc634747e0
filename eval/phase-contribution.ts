import type { AnsweredRow, AnsweredStep } from './answered-row.ts';

/** The effect of a phase on the answers before it. */
export type PhaseContribution = {
  phase: string;
  /** Questions with an answer both after this phase and after the previous one. */
  questions: number;
  right: number;
  wrongToRight: number;
  rightToWrong: number;
};

function hasChains({ steps }: AnsweredRow): boolean {
  return steps.some((step) => step.phase === 'think' && step.answer !== null);
}

type Vote = Pick<AnsweredStep, 'sample' | 'answer' | 'right' | 'rejected' | 'wrongLines'>;

/**
 * The answer after each phase, read from the trace: the draft; the first chain; a plain vote of all chains; the vote of
 * those that no check of the value rejected; that vote with revisions in place of what they revise; and the final
 * answer (ties, certainty). Each is compared with the one before it, over the questions whose trace has a chain's
 * answer.
 */
export function phaseContributions(rows: readonly AnsweredRow[]): PhaseContribution[] {
  const staged = rows.filter(hasChains).map(stagesOf);
  return stageNames.map((phase, index) => {
    const before = stageNames[index - 1];
    const pairs = staged.map((stages) => ({ now: stages[phase], was: before === undefined ? false : stages[before] }));
    return {
      phase,
      questions: pairs.length,
      right: pairs.filter(({ now }) => now).length,
      wrongToRight: pairs.filter(({ now, was }) => now && !was).length,
      rightToWrong: pairs.filter(({ now, was }) => !now && was).length,
    };
  });
}

const stageNames = ['draft', 'greedy chain', 'plain vote', 'filter', 'revise', 'weighted vote'] as const;
type Stages = Record<(typeof stageNames)[number], boolean>;

function stagesOf({ steps, right }: AnsweredRow): Stages {
  const rejected = new Set(steps.filter((step) => step.rejected && step.phase === 'check').map((step) => step.sample));
  const votes = (phase: string): Vote[] =>
    steps
      .filter((step) => step.phase === phase && step.answer !== null)
      .map((step) => ({ ...step, rejected: step.rejected || rejected.has(step.sample) }));
  const [chains, revisions] = [votes('think'), votes('revise')];
  const draft = votes('draft')[0]?.right ?? false;
  const greedy = chains[0]?.right ?? draft;
  const plain = plurality(chains)?.right ?? greedy;
  const filtered = plurality(kept(chains))?.right ?? plain;
  const after = chains.map((chain) => revisions.filter((one) => one.sample === chain.sample).reduce(better, chain));
  return {
    draft,
    'greedy chain': greedy,
    'plain vote': plain,
    filter: filtered,
    revise: revisions.length === 0 ? filtered : (plurality(kept(after))?.right ?? filtered),
    'weighted vote': right,
  };
}

function kept(votes: readonly Vote[]): Vote[] {
  return votes.filter(({ rejected }) => !rejected);
}

/** A revision replaces its chain, unless it fails worse. */
function better(before: Vote, revision: Vote): Vote {
  const byValue = Number(revision.rejected) - Number(before.rejected);
  return byValue > 0 || (byValue === 0 && revision.wrongLines > before.wrongLines) ? before : revision;
}

/** The most frequent answer; in a tie, the earlier one. */
function plurality(votes: readonly Vote[]): Vote | undefined {
  const counts = new Map<string, number>();
  for (const { answer } of votes) counts.set(key(answer), (counts.get(key(answer)) ?? 0) + 1);
  return votes.toSorted((a, b) => (counts.get(key(b.answer)) ?? 0) - (counts.get(key(a.answer)) ?? 0))[0];
}

function key(answer: string | null): string {
  return (answer ?? '').trim().toLowerCase();
}
