import type { KeyScopes } from '../service/key-scopes.ts';
import type { CheckResult, TraceStep } from './trace.ts';

/** Without `trace:full` nothing that quotes a thought is left: its text, what was computed in it, the lines that were checked, what was corrected. */
export function visibleStep(step: TraceStep, { trace }: KeyScopes): TraceStep {
  if (trace === 'full') return step;
  const { because: _quotes, computed: _values, ...rest } = step;
  const { decided } = step;
  // Why auto decided as it did quotes nothing.
  const because = decided === undefined ? {} : { because: decided.because };
  return { ...rest, ...because, text: null, checks: step.checks.map(visibleCheck) };
}

/** A step as a summary may tell it. A decision quotes nothing, a correction does. */
export function summarisedStep(step: TraceStep, scopes: KeyScopes): TraceStep {
  const visible = visibleStep(step, scopes);
  const decides = (step.phase === 'vote' || step.phase === 'answer') && step.because !== undefined;
  return decides ? { ...visible, because: step.because } : visible;
}

function visibleCheck({ wrong: _quotes, ...check }: CheckResult): CheckResult {
  return check.judges === 'line' ? { ...check, detail: '' } : check;
}
