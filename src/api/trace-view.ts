import type { Job } from '../contracts/job.ts';
import type { KeyScopes } from '../contracts/key-scopes.ts';
import { responseJob } from '../contracts/response-job.ts';
import { ServiceError } from '../contracts/service-error.ts';
import type { CheckResult, TraceStep } from '../contracts/trace.ts';
import type { TraceEvent } from '../contracts/trace-event.ts';

/** @throws ServiceError `insufficient_scope` for a key that may see no trace */
export function requireTraceScope(scopes: KeyScopes): void {
  if (scopes.trace === 'none') {
    throw new ServiceError({ code: 'insufficient_scope', message: 'This key may not read traces.' });
  }
}

/** @throws ServiceError `insufficient_scope` where the response's events hold thoughts that this key may not see */
export function requireThoughtScope(job: Job, scopes: KeyScopes): void {
  if (scopes.trace === 'full' || !responseJob(job).include.reasoning_text) return;
  throw new ServiceError({
    code: 'insufficient_scope',
    message: 'The events hold thoughts; this key may not read them.',
  });
}

/** The steps in order, each as it stands. */
export function traceSteps(events: readonly TraceEvent[], scopes: KeyScopes): TraceStep[] {
  const steps = new Map<number, TraceStep>();
  for (const event of events) {
    if (event.type !== 'progress') steps.set(event.step.index, visibleStep(event.step, scopes));
  }
  return [...steps.values()].sort((one, other) => one.index - other.index);
}

export function visibleEvent(event: TraceEvent, scopes: KeyScopes): TraceEvent {
  return event.type === 'progress' ? event : { ...event, step: visibleStep(event.step, scopes) };
}

/** Without `trace:full` nothing that quotes a thought is left: its text, the lines that were checked, what was corrected. */
function visibleStep(step: TraceStep, scopes: KeyScopes): TraceStep {
  if (scopes.trace === 'full') return step;
  const { because: _quotes, ...rest } = step;
  return { ...rest, text: null, checks: step.checks.map(visibleCheck) };
}

function visibleCheck({ wrong: _quotes, ...check }: CheckResult): CheckResult {
  return check.judges === 'line' ? { ...check, detail: '' } : check;
}
