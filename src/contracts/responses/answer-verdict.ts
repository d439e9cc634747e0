import { z } from 'zod';

/** How far to trust a deliberate answer. The verdict of a single check is `Verdict` (trace.ts). */
export const AnswerVerdict = z.object({
  kind: z
    .enum(['verified', 'agreed', 'single', 'unsure'])
    .describe(
      'verified: a confirming check of the caller (expected, webhook) passed on this answer. agreed: at least two chains gave it. single: there was nothing to compare it with. unsure: the chains disagree, or every attempt failed a check.',
    ),
  agreement: z
    .object({ agree: z.int().nonnegative(), of: z.int().positive() })
    .nullable()
    .describe('How many of the chains that reached an answer agree on this one; null if there is nothing to compare.'),
  probability: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .describe(
      "The probability that the answer is right, from the model's calibration. Null without a calibration, for open text and tool calls, and if a confirming check has passed or failed on the answer.",
    ),
  because: z.string(),
});
export type AnswerVerdict = z.infer<typeof AnswerVerdict>;
