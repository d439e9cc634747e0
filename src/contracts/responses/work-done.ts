import { z } from 'zod';
import type { LogLine } from './job.ts';

/**
 * How much of a response is done and need not be done again: what clients can see of its answer, and finished steps of its
 * trace. It only grows where an attempt gets further than those before it. Lines of a thought that no step has kept yet don't
 * count: each attempt may write them again.
 */
export function workDone(log: readonly LogLine[]): number {
  return log.filter(({ stream, data }) => (stream === 'wire' ? !isReasoning(data) : data['type'] === 'trace_step.done'))
    .length;
}

function isReasoning({ type, item, part }: LogLine['data']): boolean {
  return (
    /^response\.reasoning_/.test(String(type)) || Reasoning.safeParse(item).success || Reasoning.safeParse(part).success
  );
}

const Reasoning = z.object({ type: z.enum(['reasoning', 'reasoning_text', 'summary_text']) });
