import { z } from 'zod';
import { Progress } from './reasoning.ts';
import { TraceStep } from './trace.ts';
import { RunningUsage } from './usage.ts';

/** `data` of a log line of stream `trace`, and what `/trace?stream=true` sends. Numbered by themselves from 0. */
export const TraceEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('trace_step.added'), step: TraceStep }),
  z.object({ type: z.literal('trace_step.done'), step: TraceStep }),
  /** `usage` so far: what a response that is cut short by its queue still shows. */
  z.object({ type: z.literal('progress'), progress: Progress, usage: RunningUsage.optional() }),
]);
export type TraceEvent = z.infer<typeof TraceEvent>;
