import type { TraceStep } from './trace.ts';

/**
 * The thought that the shown answer came of; '' where it came of none. An answer's step names its chain; while an answer
 * still streams there is one chain only.
 */
export function winningThought(steps: readonly TraceStep[]): string {
  const answer = steps.findLast((step) => step.phase === 'answer');
  const thoughts = thoughtsOf(steps);
  if (answer === undefined) return thoughts.at(-1)?.text ?? '';
  if (answer.sample === null) return '';
  return thoughts.findLast(({ sample }) => sample === answer.sample)?.text ?? '';
}

/** What a reader of thoughts is shown: the winning one, or the first chain's where the draft won over all of them. */
export function shownThought(steps: readonly TraceStep[]): string {
  const first = thoughtsOf(steps).find(({ phase }) => phase === 'think');
  return winningThought(steps) || (first?.text ?? '');
}

function thoughtsOf(steps: readonly TraceStep[]): TraceStep[] {
  return steps.filter(({ phase, text }) => (phase === 'think' || phase === 'revise') && text !== null);
}
