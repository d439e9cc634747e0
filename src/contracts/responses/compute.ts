import { z } from 'zod';

/** Whether values are computed in the thoughts; `auto`: where the model was made for it, or calibration found that it pays. */
export const ComputeRequest = z.enum(['auto', 'on', 'off']);

/** A value that the service computed in a thought. `at` and `length`: where it stands in the step's `text`, in UTF-16 units. */
export const ComputedValue = z.object({
  at: z.int().nonnegative(),
  length: z.int().positive(),
  expression: z.string(),
});
export type ComputedValue = z.infer<typeof ComputedValue>;

/** Tokens of computed values that a thought of at most so many sampled tokens may be fed besides: a quarter. */
export function computeAllowance(thinkingTokens: number): number {
  return Math.floor(thinkingTokens / 4);
}

/** Tokens that may be sampled of `room`, so that their allowance has room besides. */
export function thinkingWithin(room: number): number {
  return Math.floor((room * 4) / 5);
}
