import type { LogLine } from './job.ts';
import { TraceEvent } from './trace-event.ts';
import { emptyUsage, type RunningUsage } from './usage.ts';

/** What a response has used, as its log last said. Pure. */
export function loggedUsage(log: readonly LogLine[]): RunningUsage {
  let usage = emptyUsage();
  for (const line of log) {
    const event = line.stream === 'trace' ? TraceEvent.parse(line.data) : undefined;
    if (event?.type === 'progress' && event.usage !== undefined) usage = event.usage;
  }
  return usage;
}
