import type { CheckOutcome } from '../../checks/run-checks.ts';
import { type Candidate, failedValue, shownChecks } from '../sampling/candidate.ts';
import type { RunState } from '../sampling/run-samples.ts';
import { isEmptyAnswer, thoughtText } from '../sampling/sample.ts';
import type { StrategyEvent } from '../strategy.ts';
import type { CheckRunner } from './check-runner.ts';

/** What asking needs of a deliberation. */
type Asking = { checkRunner: CheckRunner; state: RunState; mustStop(): 'user' | 'deadline' | undefined };

/** Asks the slow checks about candidates that they were not asked about yet: those of an attempt that died. */
export async function* runSlowChecks(
  deliberation: Asking & { candidates: Map<number | null, Candidate> },
): AsyncGenerator<StrategyEvent, void, void> {
  const { candidates } = deliberation;
  for (const [key, candidate] of candidates) {
    candidates.set(key, yield* askSlowChecks(deliberation, candidate, [...candidates.values()]));
  }
}

/**
 * A candidate with what the slow checks (the model's own verdict, the caller's server) say of it. They are asked once per
 * answer (`others` may have it too), and not about an answer that other checks found wrong.
 */
export async function* askSlowChecks(
  deliberation: Asking,
  candidate: Candidate,
  others: readonly Candidate[],
): AsyncGenerator<StrategyEvent, Candidate, void> {
  const { checkRunner, state } = deliberation;
  if (checkRunner.slow === undefined || deliberation.mustStop() !== undefined) return candidate;
  if (candidate.slowChecked || isEmptyAnswer(candidate.answer) || failedValue(candidate) !== undefined)
    return candidate;
  const known = others.find((other) => other.slowChecked && other.answer.text === candidate.answer.text);
  if (known !== undefined) {
    return {
      ...candidate,
      slowChecked: true,
      checks: [...candidate.checks, ...known.checks.filter(({ slow }) => slow)],
    };
  }
  yield { type: 'phase', phase: 'check', step: (candidate.sample ?? 0) + 1, steps: undefined };
  const step = state.trace.begin({ phase: 'check', sample: candidate.sample, summary: 'Asks about the answer.' });
  yield step.added;
  const input = { thought: thoughtText(candidate), answer: candidate.answer, value: candidate.value };
  const { checks: found, prompted } = await checkRunner.slow(input);
  yield step.done({
    checks: shownChecks(found),
    summary: summaryOf(candidate, found),
    ...(prompted === undefined ? {} : { prompt: prompted }),
  });
  return { ...candidate, slowChecked: true, checks: [...candidate.checks, ...found] };
}

function summaryOf(candidate: Candidate, found: readonly CheckOutcome[]): string {
  const of = candidate.sample === null ? 'the draft' : `chain ${candidate.sample + 1}`;
  return `Of ${of}: ${found.map((check) => `${check.name} ${check.verdict} (${check.detail})`).join('; ')}.`;
}
