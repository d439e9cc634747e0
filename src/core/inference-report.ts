import { z } from 'zod';

const count = z.int().nonnegative();

/** One model's decode loop: `batches` are steps since the last report by their rows (`[with 1 row, with 2, …]`), the rest is as of now. */
export const ModelLoad = z.object({
  id: z.string(),
  batches: z.array(count).readonly(),
  running: count,
  waiting: count,
  kvUsedBytes: z.number().nonnegative(),
  kvCapacityBytes: z.number().nonnegative(),
});
export type ModelLoad = z.infer<typeof ModelLoad>;

/** What an inference process has done since its last report: decoded tokens, and the time that had calls in it. */
export const InferenceReport = z.object({
  tokens: z.int(),
  busyMs: z.number(),
  residentBytes: z.number(),
  models: z.array(ModelLoad).readonly(),
});
export type InferenceReport = z.infer<typeof InferenceReport>;
