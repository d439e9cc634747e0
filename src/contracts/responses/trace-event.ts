import { z } from 'zod';
import { ComputedValue } from './compute.ts';
import { Progress } from './reasoning.ts';
import { TraceStep } from './trace.ts';
import { RunningUsage } from './usage.ts';

const added = z.object({ type: z.literal('trace_step.added'), step: TraceStep });
const done = z.object({ type: z.literal('trace_step.done'), step: TraceStep });
/** Text added to the thought of a running step; `at` in `computed` counts from the start of this text. */
const delta = z.object({
  type: z.literal('trace_step.delta'),
  index: z.int().nonnegative(),
  text: z.string(),
  computed: z.array(ComputedValue).exactOptional(),
});
/** `usage` so far, which a response shows if its queue ends it early. */
const progress = z.object({ type: z.literal('progress'), progress: Progress, usage: RunningUsage.optional() });

/** `data` of a log line of stream `trace`. */
export const TraceEvent = z.discriminatedUnion('type', [added, delta, done, progress]);
export type TraceEvent = z.infer<typeof TraceEvent>;

const numbered = { sequence_number: z.int().nonnegative() };

/** The events of `/trace?stream=true`, numbered separately from 0. */
export const TraceStreamEvent = z.discriminatedUnion('type', [
  added.extend(numbered),
  delta.extend(numbered),
  done.extend(numbered),
  progress.extend(numbered),
]);
