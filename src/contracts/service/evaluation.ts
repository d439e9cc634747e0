import { z } from 'zod';

const count = z.int().nonnegative();
const share = z.number();

/** A proportion, or a difference of two, with its 95 % interval, as fractions of 1. */
export const Estimate = z.object({ value: share, low: share, high: share });
export type Estimate = z.infer<typeof Estimate>;

/** A difference over the questions that both have answered: those that only one of the two got right. */
export const PairedDifference = Estimate.extend({ gained: count, lost: count });
export type PairedDifference = z.infer<typeof PairedDifference>;

/** The answers as they stood after a phase, held against those before it. */
export const PhaseContribution = z.object({
  phase: z.string(),
  questions: count,
  right: count,
  wrong_to_right: count,
  right_to_wrong: count,
});
export type PhaseContribution = z.infer<typeof PhaseContribution>;

/** One way of asking: an effort and what it overrides. Tokens and seconds are means per question, unless named otherwise. */
export const EvaluationArm = z.object({
  arm: z.string(),
  questions: count,
  right: count,
  accuracy: Estimate,
  /** Null for the base itself, and where it was not run. */
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

/** What `npm run eval` measured of one model on one set of questions. */
export const Evaluation = z.object({
  id: z.string(),
  object: z.literal('evaluation'),
  /** Epoch seconds of the measurement; null in a report of an earlier version, which doesn't say. */
  created_at: z.int().nullable(),
  /** With what the report was delivered; null where it is of this installation's own runs. */
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
