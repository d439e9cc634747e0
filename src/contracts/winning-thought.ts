import type { TraceStep } from './trace.ts';

/**
 * The thought that the shown answer came of; '' where it came of none. An answer's step names its chain; while an answer
 * still streams there is one chain only.
 */
export function winningThought(steps: readonly TraceStep[]): string {
  const answer = steps.findLast((step) => step.phase === 'answer');
  const thoughts = steps.filter(({ phase, text }) => (phase === 'think' || phase === 'revise') && text !== null);
  if (answer === undefined) return thoughts.at(-1)?.text ?? '';
  if (answer.sample === null) return '';
  return thoughts.findLast(({ sample }) => sample === answer.sample)?.text ?? '';
}
