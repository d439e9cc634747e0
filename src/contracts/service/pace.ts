import { z } from 'zod';
import type { Effort } from '../responses/reasoning.ts';
import { ObservedLength } from './natural-length.ts';

const Run = z.object({ startedAt: z.number(), ms: z.number().nonnegative() });
type Run = z.infer<typeof Run>;

/** The latest runs of one model by effort, oldest first, and its latest chains of thought. Epoch ms, ms. */
export const Pace = z.object({
  version: z.literal(1),
  runs: z.record(z.string(), z.array(Run)),
  chains: z.array(ObservedLength).exactOptional(),
});
export type Pace = z.infer<typeof Pace>;

/** How long responses of each model and effort took, and how long their thoughts were, measured on all workers. */
export type PaceBook = {
  /** `run.ms`: from the worker's start to the response's end; absent for a response that was cut. */
  add(model: string, effort: Effort, measured: { run?: Run; chains?: readonly ObservedLength[] }): Promise<void>;
  /** Up to two seconds old; undefined if none has ended yet. */
  of(model: string): Promise<Pace | undefined>;
};

/** With fewer runs there is no estimate. */
const least = 3;

/**
 * The remaining ms of a response after `elapsedMs`: the median of the remaining times of runs that took longer. Null if
 * fewer than three have ended, or if it has run longer than all of them.
 */
export function timeLeft(pace: Pace | undefined, effort: Effort, elapsedMs: number): number | null {
  const runs = pace?.runs[effort] ?? [];
  if (runs.length < least) return null;
  const left = runs.map(({ ms }) => ms - elapsedMs).filter((ms) => ms > 0);
  return left.length === 0 ? null : Math.round(median(left));
}

/**
 * Ms until a response that waits at `position` (0: the next) ends: the time of those before it, at the pace of all
 * efforts, plus its own run.
 */
export function timeToWait(pace: Pace | undefined, effort: Effort, position: number): number | null {
  const own = timeLeft(pace, effort, 0);
  if (pace === undefined || own === null) return null;
  const all = Object.values(pace.runs).flat();
  return Math.round(own + ((position + 1) * median(all.map(({ ms }) => ms))) / sideBySide(all));
}

/** How many runs were in progress at the same time, on average over the time with any. */
function sideBySide(runs: readonly Run[]): number {
  const total = runs.reduce((sum, { ms }) => sum + ms, 0);
  let busy = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const run of runs.toSorted((a, b) => a.startedAt - b.startedAt)) {
    const runEnd = run.startedAt + run.ms;
    busy += Math.max(0, runEnd - Math.max(run.startedAt, end));
    end = Math.max(end, runEnd);
  }
  return busy === 0 ? 1 : Math.max(1, total / busy);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}
