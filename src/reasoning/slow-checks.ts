import type { Judgement } from '../checks/run-checks.ts';
import { type Candidate, failedValue, shownChecks } from './candidate.ts';
import type { Deliberation } from './deliberation.ts';
import { thoughtText } from './sample.ts';
import type { StrategyEvent } from './strategy.ts';

/**
 * Asks the slow checks (the model's own verdict, the caller's server) about each candidate that the others have let
 * through, once per answer. Their results join the candidate's own.
 */
export async function* runSlowChecks(deliberation: Deliberation): AsyncGenerator<StrategyEvent, void, void> {
  const { judge, candidates, state } = deliberation;
  if (judge.slow === undefined) return;
  for (const [key, candidate] of candidates) {
    if (deliberation.mustStop() !== undefined) return;
    if (candidate.asked || failedValue(candidate) !== undefined) continue;
    const known = [...candidates.values()].find((other) => other.asked && other.answer.text === candidate.answer.text);
    const asked = known === undefined ? undefined : known.checks.filter((check) => check.slow);
    if (asked !== undefined) {
      candidates.set(key, { ...candidate, asked: true, checks: [...candidate.checks, ...asked] });
      continue;
    }
    yield { type: 'phase', phase: 'check', step: (candidate.sample ?? 0) + 1, steps: undefined };
    const step = state.trace.begin({ phase: 'check', sample: candidate.sample, summary: 'Asks about the answer.' });
    yield step.added;
    const input = { thought: thoughtText(candidate), answer: candidate.answer, value: candidate.value };
    const { checks: found, prompted } = await judge.slow(input);
    yield step.done({
      checks: shownChecks(found),
      summary: summaryOf(candidate, found),
      ...(prompted === undefined ? {} : { prompt: prompted }),
    });
    candidates.set(key, { ...candidate, asked: true, checks: [...candidate.checks, ...found] });
  }
}

function summaryOf(candidate: Candidate, found: readonly Judgement[]): string {
  const of = candidate.sample === null ? 'the draft' : `chain ${candidate.sample + 1}`;
  return `Of ${of}: ${found.map((check) => `${check.name} ${check.verdict} (${check.detail})`).join('; ')}.`;
}
