import { z } from 'zod';

/** The user's word for how much to think. `none` and `minimal` answer fast. */
export const Effort = z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);
export type Effort = z.infer<typeof Effort>;

export const Mode = z.enum(['fast', 'deliberate']);
export type Mode = z.infer<typeof Mode>;

/** Why thinking ended. */
export const ThinkingStop = z.enum(['natural', 'budget', 'deadline', 'loop', 'confident', 'settled_vote', 'user']);
export type ThinkingStop = z.infer<typeof ThinkingStop>;

/** Why an answer was cut: the cap on its tokens, the time, or a text that went round in circles. */
export const IncompleteReason = z.enum(['max_output_tokens', 'deadline', 'loop']);
export type IncompleteReason = z.infer<typeof IncompleteReason>;

export const AnswerSource = z.enum(['draft', 'deliberate', 'vote', 'revision']);
export type AnswerSource = z.infer<typeof AnswerSource>;

export const Phase = z.enum(['queued', 'draft', 'think', 'check', 'revise', 'answer']);
export type Phase = z.infer<typeof Phase>;

/** What a running response shows of itself. Tokens, ms. */
export const Progress = z.object({
  phase: Phase,
  step: z.int().nonnegative(),
  steps: z.int().nonnegative().nullable(),
  thinking_tokens: z.int().nonnegative(),
  budget_tokens: z.int().nonnegative(),
  queue_position: z.int().nonnegative().nullable(),
  eta_ms: z.int().nonnegative().nullable(),
});
export type Progress = z.infer<typeof Progress>;

/** What was used in the end, after defaults, the effort table and short forms. Tokens. */
export const EffectiveReasoning = z.object({
  effort: Effort,
  strategy: z.string(),
  budget_tokens: z.int().nonnegative(),
  answer_reserve_tokens: z.int().positive(),
  samples: z.int().positive(),
  max_revisions: z.int().nonnegative(),
  max_answer_tokens: z
    .int()
    .positive()
    .optional()
    .describe(
      'Visible tokens at most: max_output_tokens where the request names it, else what the context holds beside the input, 4,096 at most.',
    ),
  deadline_ms: z.int().positive().nullable(),
  /** Values are computed in the thoughts. Absent: it was accepted before there was such a thing, and they are not. */
  compute: z.enum(['on', 'off']).exactOptional(),
});
export type EffectiveReasoning = z.infer<typeof EffectiveReasoning>;
