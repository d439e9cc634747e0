import type { Job } from '../../contracts/responses/job.ts';
import { responseJob } from '../../contracts/responses/response-job.ts';
import { type TraceEvent, type TraceStep, visibleStep } from '../../contracts/responses/trace.ts';
import type { KeyScopes } from '../../contracts/service/key-scopes.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';

/** @throws ServiceError `insufficient_scope` for a key that may see no trace */
export function requireTraceScope(scopes: KeyScopes): void {
  if (scopes.trace === 'none') {
    throw new ServiceError({
      code: 'insufficient_scope',
      message: 'This key may not read traces. It needs the scope trace:summary.',
    });
  }
}

/** @throws ServiceError `insufficient_scope` if the response's events contain thoughts, or summaries of them, that this key may not see */
export function requireThoughtScope(job: Job, { trace }: KeyScopes): void {
  const { include, summary } = responseJob(job);
  if (include.reasoning_text && trace !== 'full') {
    throw new ServiceError({
      code: 'insufficient_scope',
      message: 'These events contain thoughts, which this key may not read. It needs the scope trace:full.',
    });
  }
  if (summary !== null && trace === 'none') {
    throw new ServiceError({
      code: 'insufficient_scope',
      message:
        'These events contain summaries of thoughts, which this key may not read. It needs the scope trace:summary.',
    });
  }
}

/** A reasoning item as a key may see it: the thought itself with `trace:full`, its summary with `trace:summary` or more. */
export function visibleReasoning<Item extends { summary: object[]; content?: unknown }>(
  item: Item,
  trace: KeyScopes['trace'],
): Item | Omit<Item, 'content'> {
  if (trace === 'full') return item;
  const { content: _thought, ...rest } = item;
  return trace === 'none' ? { ...rest, summary: [] } : rest;
}

/** The steps in order, each as it stands. */
export function traceSteps(events: readonly TraceEvent[], scopes: KeyScopes): TraceStep[] {
  const steps = new Map<number, TraceStep>();
  for (const event of events) {
    if ('step' in event) steps.set(event.step.index, visibleStep(event.step, scopes));
  }
  return [...steps.values()].sort((one, other) => one.index - other.index);
}

/** Undefined: nothing of it may be seen. */
export function visibleEvent(event: TraceEvent, scopes: KeyScopes): TraceEvent | undefined {
  if ('step' in event) return { ...event, step: visibleStep(event.step, scopes) };
  return event.type === 'trace_step.delta' && scopes.trace !== 'full' ? undefined : event;
}
