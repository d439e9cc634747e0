import type { CheckOutcome } from '../../checks/run-checks.ts';
import { mustStop } from '../deadline.ts';
import type { RunState } from '../run-state.ts';
import { type Candidate, failedValue, shownChecks } from '../sampling/candidate.ts';
import { type Chains, withSlowChecks } from '../sampling/chains.ts';
import { isEmptyAnswer, thoughtText } from '../sampling/sample.ts';
import type { StrategyEvent } from '../strategy.ts';
import type { CheckRunner } from './check-runner.ts';

type Asking = { checkRunner: CheckRunner; state: RunState };

/** Runs the slow checks on candidates that have not had them yet, which an attempt that died has left. */
export async function* runSlowChecks(
  asking: Asking & { chains: Pick<Chains, 'standing'> },
): AsyncGenerator<StrategyEvent, void, void> {
  const { standing } = asking.chains;
  for (const [key, candidate] of standing) {
    standing.set(key, yield* askSlowChecks(asking, candidate, [...standing.values()]));
  }
}

/**
 * A candidate with what the slow checks (the model's own verdict, the caller's server) say of it. They are asked once per
 * answer (`others` may have it too), and not about an answer that other checks found wrong.
 */
export async function* askSlowChecks(
  { checkRunner, state }: Asking,
  candidate: Candidate,
  others: readonly Candidate[],
): AsyncGenerator<StrategyEvent, Candidate, void> {
  if (checkRunner.slow === undefined || mustStop(state.context) !== undefined) return candidate;
  if (candidate.slowChecked || isEmptyAnswer(candidate.answer) || failedValue(candidate) !== undefined)
    return candidate;
  const known = withSlowChecks(candidate, others);
  if (known.slowChecked) return known;
  yield { type: 'phase', phase: 'check', step: (candidate.sample ?? 0) + 1, steps: undefined };
  const step = state.trace.begin({
    phase: 'check',
    sample: candidate.sample,
    summary: 'Runs the slow checks on the answer.',
  });
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
  const name = candidate.sample === null ? 'Draft' : `Chain ${candidate.sample + 1}`;
  return `${name}: ${found.map((check) => `${check.name} ${check.verdict} (${check.detail})`).join('; ')}.`;
}
