import type { Job } from '../contracts/job.ts';
import type { KeyScopes } from '../contracts/key-scopes.ts';
import { responseJob } from '../contracts/response-job.ts';
import { ServiceError } from '../contracts/service-error.ts';
import type { TraceStep } from '../contracts/trace.ts';
import type { TraceEvent } from '../contracts/trace-event.ts';
import { visibleStep } from '../contracts/visible-step.ts';

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
