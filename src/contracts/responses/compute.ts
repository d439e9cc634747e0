import { z } from 'zod';

/**
 * Whether values are computed in the thoughts; `auto`: if the model was made for it, or calibration found that it pays.
 */
export const ComputeRequest = z.enum(['auto', 'on', 'off']);

/**
 * A value that the service computed in a thought. `at` and `length` give its place in the step's `text`, in UTF-16
 * units.
 */
export const ComputedValue = z.object({
  at: z.int().nonnegative(),
  length: z.int().positive(),
  expression: z.string(),
});
export type ComputedValue = z.infer<typeof ComputedValue>;
