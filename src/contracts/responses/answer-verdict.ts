import { z } from 'zod';

/** How far to trust a deliberate answer. The verdict of a single check is `Verdict` (trace.ts). */
export const AnswerVerdict = z.object({
  kind: z
    .enum(['verified', 'agreed', 'single', 'unsure'])
    .describe(
      "verified: a check of the caller's that confirms (expected, webhook) passed on this answer. agreed: at least two chains gave it. single: there was nothing to compare it with. unsure: the chains disagree, or every attempt failed a check.",
    ),
  agreement: z
    .object({ agree: z.int().nonnegative(), of: z.int().positive() })
    .nullable()
    .describe('Chains that gave this answer, of those that came to one; null where there is nothing to compare.'),
  probability: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .describe(
      "How probably the answer is right, by this model's own calibration. Null without one, of open text and calls of tools, and where a check that confirms has passed or failed on the answer.",
    ),
  because: z.string(),
});
export type AnswerVerdict = z.infer<typeof AnswerVerdict>;
