import type { Progress } from '../../../../src/contracts/responses/reasoning.ts';
import type { CheckResult, TraceEvent, TraceStep, Verdict } from '../../../../src/contracts/responses/trace.ts';
import type { RunningUsage } from '../../../../src/contracts/responses/usage.ts';
import { type StepsSoFar, stepsAfter } from '../../run/steps-so-far.ts';

/** A trace as far as it is known, and how far the response is. */
export type TraceSteps = StepsSoFar & {
  progress: Progress | undefined;
  /** Tokens decoded so far, those of running steps too; undefined where nothing is followed. */
  decoded: number | undefined;
};

export const noSteps: TraceSteps = { steps: [], running: new Set(), progress: undefined, decoded: undefined };

/** The trace after one more event. */
export function withEvent(known: TraceSteps, event: TraceEvent): TraceSteps {
  if (event.type !== 'progress') return stepsAfter(known, event);
  return { ...known, progress: event.progress, decoded: decodedOf(event.usage) ?? known.decoded };
}

/** As steps count them: what was fed and not sampled is no step's. */
function decodedOf(usage: RunningUsage | undefined): number | undefined {
  if (usage === undefined) return undefined;
  return usage.draft + usage.think + usage.check + usage.revise + usage.discarded + usage.answer;
}

/** What the checks say of a step in one word: one that failed outweighs those that passed. */
export function verdictOf(checks: readonly CheckResult[]): Verdict {
  if (checks.some(({ verdict }) => verdict === 'fail')) return 'fail';
  return checks.some(({ verdict }) => verdict === 'pass') ? 'pass' : 'abstain';
}

/** The check that a step failed, the earliest line first. */
export function failureOf(checks: readonly CheckResult[]): CheckResult | undefined {
  return checks
    .filter(({ verdict }) => verdict === 'fail')
    .sort((one, other) => (one.line ?? Number.POSITIVE_INFINITY) - (other.line ?? Number.POSITIVE_INFINITY))[0];
}

/** Mean token probability of a chain, 0 to 1: what its mean log-probability comes to. */
export function meanProbability(confidence: number | null): number | undefined {
  return confidence === null ? undefined : Math.exp(confidence);
}

/**
 * True where thoughts were thought and none is shown: the reader's key has the scope `trace:summary`. A chain that has
 * ended always has a text.
 */
export function thoughtsHidden({ steps, running }: TraceSteps): boolean {
  const chains = steps.filter((step) => step.phase === 'think' && step.tokens > 0 && !running.has(step.index));
  return chains.length > 0 && chains.every((step) => step.text === null);
}

/** The draft, and the answer that was given; either may not be there yet. */
export function draftAndAnswer(steps: readonly TraceStep[]): {
  draft: TraceStep | undefined;
  answer: TraceStep | undefined;
  changed: boolean;
} {
  const draft = steps.find((step) => step.phase === 'draft');
  const answer = steps.findLast((step) => step.phase === 'answer');
  const said = (step: TraceStep | undefined) => (step?.answer ?? step?.answer_text ?? '').trim().toLowerCase();
  return { draft, answer, changed: draft !== undefined && answer !== undefined && said(draft) !== said(answer) };
}

/** Why the answer is another than the draft: what the chains of that answer had to put right, and how the vote went. */
export function reasonsOfChange(steps: readonly TraceStep[]): { because: string; check: string | undefined }[] {
  const answer = steps.findLast((step) => step.phase === 'answer');
  if (answer === undefined) return [];
  const winners = steps.filter(
    (step) => step.phase === 'revise' && step.answer !== null && step.answer === answer.answer,
  );
  const corrections = [...new Set(winners.flatMap((step) => step.because ?? []))].map((text) => {
    const [, check, because] = /^([\w-]+): ([\s\S]*)$/.exec(text) ?? [];
    return { because: because ?? text, check };
  });
  return [...corrections, { because: answer.because ?? answer.summary, check: undefined }];
}
