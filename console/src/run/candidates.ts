import type { TraceStep } from '../../../src/contracts/responses/trace.ts';
import { asWritten } from './run-figures.ts';

/** One answer that came up on the way: the draft's or a sample's, as it stands after its last revision. */
export type Candidate = {
  /** Null: the draft. */
  sample: number | null;
  answer: string | null;
  running: boolean;
  /** `confirmed`: by a check of the caller's. `fail`: a check found it or a line of it wrong and that still stands. */
  verdict: 'confirmed' | 'pass' | 'fail' | 'unchecked';
  /** Answers that it had before it was revised. */
  before: readonly string[];
};

/** The draft and the samples in the order in which they came. */
export function candidatesOf(steps: readonly TraceStep[], running: boolean): Candidate[] {
  const candidates = new Map<number | null, Candidate>();
  for (const step of steps) {
    if (step.phase === 'vote' || step.phase === 'answer') continue;
    if (step.phase !== 'draft' && step.sample === null) continue;
    const past = candidates.get(step.sample);
    const open = running && step === steps.at(-1) && step.answer === null;
    const answer = step.answer === null ? null : asWritten(step.answer, step.answer_text);
    const changed = past?.answer != null && answer !== null && answer !== past.answer;
    candidates.set(step.sample, {
      sample: step.sample,
      answer: answer ?? past?.answer ?? null,
      running: open,
      verdict: step.answer === null ? (past?.verdict ?? 'unchecked') : verdictOf(step),
      before: [...(past?.before ?? []), ...(changed && past?.answer ? [past.answer] : [])],
    });
  }
  return [...candidates.values()];
}

function verdictOf({ checks }: TraceStep): Candidate['verdict'] {
  if (checks.some(({ verdict }) => verdict === 'fail')) return 'fail';
  const passed = checks.filter(({ verdict }) => verdict === 'pass');
  if (passed.some(({ confirms }) => confirms)) return 'confirmed';
  return passed.length > 0 ? 'pass' : 'unchecked';
}
