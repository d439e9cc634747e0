import { z } from 'zod';
import { MadeOn } from './question-set.ts';

const count = z.int().nonnegative();
const Estimate = z.object({ value: z.number(), low: z.number(), high: z.number() });
const Difference = Estimate.extend({ gained: count, lost: count });

/** `report.json`, read by the console's Eval view and for the tables of README files. */
export const Report = z.object({
  set: z.string(),
  model: z.string(),
  concurrency: z.int().positive(),
  /** In the file itself, because a file's own date is lost when it is copied. */
  measuredAt: z.iso.datetime({ offset: true }),
  cameWith: z.string().exactOptional(),
  /** Hash of the embedded model's files, if that model was measured. */
  weights: z.string().exactOptional(),
  /** Absent for a user's own set. */
  madeOn: MadeOn.exactOptional(),
  arms: z.array(
    z.object({
      arm: z.string(),
      questions: count,
      right: count,
      accuracy: Estimate,
      againstFast: Difference.exactOptional(),
      againstGreedy: Difference.exactOptional(),
      against: z.array(Difference.extend({ arm: z.string() })).exactOptional(),
      outputTokens: z.number(),
      thinkingTokens: z.number(),
      seconds: z.number(),
      secondsMedian: z.number(),
      kinds: z.record(z.string(), z.object({ right: count, questions: count })),
      sources: z.record(z.string(), count),
      thinkingStops: z.record(z.string(), count),
      notCompleted: count,
      phases: z.array(
        z.object({ phase: z.string(), questions: count, right: count, wrongToRight: count, rightToWrong: count }),
      ),
      verdicts: z
        .object({
          kinds: z.record(z.string(), z.object({ right: count, questions: count })),
          wrongVerified: count,
          stated: count,
          calibrationError: z.number().nullable(),
        })
        .exactOptional(),
    }),
  ),
  /** For a set that rewords other questions. */
  originals: z
    .array(
      z.object({
        arm: z.string(),
        questions: count,
        right: count,
        originalsRight: count,
        ratio: z.number().nullable(),
        difference: Difference,
      }),
    )
    .default([]),
  /** For the control `zero`: the effect of all checks on questions that state their operation, and on the others. */
  control: z
    .array(z.object({ questions: z.string(), n: count, bare: count, checked: count, lift: Difference }))
    .default([]),
});
export type Report = z.infer<typeof Report>;

export function reportText(report: Report): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
