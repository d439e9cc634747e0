import type { LogLine } from './job.ts';

/**
 * How much of a response is done and need not be done again: what clients can see, and finished steps of its trace. It only
 * grows where an attempt gets further than those before it.
 */
export function workDone(log: readonly LogLine[]): number {
  return log.filter(({ stream, data }) => stream === 'wire' || data['type'] === 'trace_step.done').length;
}
