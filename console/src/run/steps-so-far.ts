import type { TraceEvent, TraceStep } from '../../../src/contracts/responses/trace.ts';

/** The steps of a trace by their index, and which of them still run. */
export type StepsSoFar = { steps: readonly TraceStep[]; running: ReadonlySet<number> };

/** The steps after an event of the trace; a running one has as its text what has come of it. */
export function stepsAfter<T extends StepsSoFar>(known: T, event: Exclude<TraceEvent, { type: 'progress' }>): T {
  switch (event.type) {
    case 'trace_step.added':
      return {
        ...known,
        steps: withStep(known.steps, event.step),
        running: new Set([...known.running, event.step.index]),
      };
    case 'trace_step.delta': {
      const step = known.steps.find(({ index }) => index === event.index);
      // Only a step that runs has pieces: after its end its text is whole.
      if (step === undefined || !known.running.has(event.index)) return known;
      return { ...known, steps: withStep(known.steps, withText(step, event)) };
    }
    case 'trace_step.done': {
      const running = new Set(known.running);
      running.delete(event.step.index);
      return { ...known, steps: withStep(known.steps, event.step), running };
    }
    default:
      event satisfies never;
      return known;
  }
}

function withText(step: TraceStep, { text, computed = [] }: Extract<TraceEvent, { type: 'trace_step.delta' }>) {
  const before = step.text ?? '';
  const more = computed.map((value) => ({ ...value, at: before.length + value.at }));
  return { ...step, text: before + text, ...(more.length > 0 && { computed: [...(step.computed ?? []), ...more] }) };
}

function withStep(steps: readonly TraceStep[], step: TraceStep): readonly TraceStep[] {
  return [...steps.filter(({ index }) => index !== step.index), step].sort((one, other) => one.index - other.index);
}
