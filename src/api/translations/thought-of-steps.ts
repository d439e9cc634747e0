import type { TraceStep } from '../../contracts/trace.ts';

/**
 * The thought behind an answer: of the chain that won, its revisions behind it; where the draft won or nothing tells, the
 * first chain's. Empty where no step has a text.
 */
export function thoughtOfSteps(steps: readonly TraceStep[]): string {
  const thoughts = steps.filter((step) => (step.phase === 'think' || step.phase === 'revise') && step.text);
  const winner = steps.findLast((step) => step.phase === 'answer')?.sample;
  const chosen = thoughts.some((step) => step.sample === winner) ? winner : thoughts[0]?.sample;
  return thoughts
    .filter((step) => step.sample === chosen)
    .map((step) => step.text)
    .join('\n');
}
