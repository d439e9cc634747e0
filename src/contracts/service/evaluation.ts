import { z } from 'zod';

const count = z.int().nonnegative();
const share = z.number();

/** A proportion, or a difference of two, with its 95 % interval, as fractions of 1. */
export const Estimate = z.object({ value: share, low: share, high: share });
export type Estimate = z.infer<typeof Estimate>;

/** A difference over the questions that both have answered, with the numbers that only one of them got right. */
export const PairedDifference = Estimate.extend({ gained: count, lost: count });
export type PairedDifference = z.infer<typeof PairedDifference>;

/** The answers after a phase, compared with those before it. */
const PhaseContribution = z.object({
  phase: z.string(),
  questions: count,
  right: count,
  wrong_to_right: count,
  right_to_wrong: count,
});

/**
 * One configuration: an effort and its overrides. Tokens and seconds are means per question, unless named otherwise.
 */
export const EvaluationArm = z.object({
  arm: z.string(),
  questions: count,
  right: count,
  accuracy: Estimate,
  /** Null for the baseline itself, and if the baseline was not run. */
  against_fast: PairedDifference.nullable(),
  against_greedy: PairedDifference.nullable(),
  output_tokens: z.number().nonnegative(),
  thinking_tokens: z.number().nonnegative(),
  seconds: z.number().nonnegative(),
  seconds_median: z.number().nonnegative(),
  kinds: z.array(z.object({ kind: z.string(), right: count, questions: count })),
  phases: z.array(PhaseContribution),
});
export type EvaluationArm = z.infer<typeof EvaluationArm>;

/** The results of `npm run eval` for one model and one set of questions. */
export const Evaluation = z.object({
  id: z.string(),
  object: z.literal('evaluation'),
  /** Epoch seconds of the measurement; null in a report of an earlier version, which does not contain it. */
  created_at: z.int().nullable(),
  /** The release that included the report; null for this installation's own runs. */
  came_with: z.string().nullable(),
  set: z.string(),
  model: z.string(),
  /** Requests in flight at a time. */
  concurrency: z.int().positive(),
  arms: z.array(EvaluationArm).min(1),
});
export type Evaluation = z.infer<typeof Evaluation>;

/** `GET /v1/evaluations`, newest first. */
export const EvaluationList = z.object({ object: z.literal('list'), data: z.array(Evaluation) });
export type EvaluationList = z.infer<typeof EvaluationList>;
