import type { LogLine } from '../contracts/responses/job.ts';
import { TraceEvent, type TraceStep } from '../contracts/responses/trace.ts';

/** Numbers the trace's lines, continuing from the log. */
export type TraceWriter = { line(event: TraceEvent): LogLine };

export function createTraceWriter(log: readonly LogLine[]): TraceWriter {
  let number = log.filter((line) => line.stream === 'trace').length;
  return {
    line(event) {
      const line: LogLine = { stream: 'trace', number, data: event };
      number += 1;
      return line;
    },
  };
}

/** Steps that earlier attempts have finished, in order of their index. */
export function finishedSteps(log: readonly LogLine[]): TraceStep[] {
  return endedSteps(log).sort((a, b) => a.index - b.index);
}

/** The same steps in the order in which they ended, because chains run in parallel. */
export function endedSteps(log: readonly LogLine[]): TraceStep[] {
  const steps = new Map<number, TraceStep>();
  for (const line of log) {
    if (line.stream !== 'trace') continue;
    const event = TraceEvent.parse(line.data);
    if (event.type === 'trace_step.done') steps.set(event.step.index, event.step);
  }
  return [...steps.values()];
}
