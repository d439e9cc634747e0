import type { TraceStep } from '../contracts/responses/trace.ts';

export type SummaryMode = 'auto' | 'concise' | 'detailed';

/** The summary of a response without a step to describe. */
export const answeredAtOnce = 'Answered at once, without thinking.';

/**
 * The part of a summary that a step gives as it ends: what was tried, found wrong or decided, in sentences built from the
 * step. No raw thoughts, no model call. `detailed` has a part for every step; `concise` and `auto` leave out checks and
 * votes. `before`: the steps that have ended by then.
 */
export function summarise(
  step: TraceStep,
  { before, mode }: { before: readonly TraceStep[]; mode: SummaryMode },
): string | undefined {
  if (step.phase === 'answer' && before.length === 0 && step.because === undefined) return answeredAtOnce;
  return mode === 'detailed' ? describe(step) : concise(step, before);
}

function concise(step: TraceStep, before: readonly TraceStep[]): string | undefined {
  switch (step.phase) {
    case 'draft':
      return 'Drafted an answer.';
    case 'think': {
      const chain = before.some(({ phase }) => phase === 'think') ? 'another chain' : 'a chain';
      return `Thought in ${chain}${step.answer === null ? '' : `, which answered ${step.answer}`}.`;
    }
    case 'revise':
      return step.because === undefined ? undefined : `Revised after a failed check: ${step.because}.`;
    case 'answer':
      return step.because;
    case 'check':
    case 'vote':
    case 'tool':
      return undefined;
    default:
      return step.phase satisfies never;
  }
}

const titles: Readonly<Record<TraceStep['phase'], string>> = {
  draft: 'Draft',
  think: 'Chain',
  tool: 'Tool call of chain',
  check: 'Check',
  revise: 'Revision',
  vote: 'Vote',
  answer: 'Answer',
};

function describe(step: TraceStep): string {
  const number = step.sample === null || step.phase === 'answer' ? '' : ` ${step.sample + 1}`;
  const why = step.phase === 'revise' && step.because !== undefined ? ` Reason: ${step.because}.` : '';
  return `${titles[step.phase]}${number}: ${step.summary}${why}`;
}
