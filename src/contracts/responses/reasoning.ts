import { z } from 'zod';

/** `small:low` as the model `small` with its effort; undefined if the name has no effort at its end. */
export function splitModelSuffix(name: string): { id: string; suffix: Effort | Mode } | undefined {
  const colon = name.lastIndexOf(':');
  const suffix = Effort.or(Mode).safeParse(name.slice(colon + 1));
  return colon > 0 && suffix.success ? { id: name.slice(0, colon), suffix: suffix.data } : undefined;
}

/**
 * How much to think, as the user chooses it. `none` and `minimal` answer fast; `auto` decides for each question between
 * fast and another level.
 */
export const Effort = z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max', 'auto']);
export type Effort = z.infer<typeof Effort>;

/** What `auto` decided for one response. */
export const Decision = z.object({
  /** `none`: the fast answer is kept. */
  effort: Effort.exclude(['minimal', 'auto']),
  /** The calibrated probability that thinking would not have improved the fast answer; null without calibration. */
  fast_suffices: z.number().min(0).max(1).nullable(),
  because: z.string(),
});
export type Decision = z.infer<typeof Decision>;

export const Mode = z.enum(['fast', 'deliberate', 'auto']);
export type Mode = z.infer<typeof Mode>;

/** Why thinking ended. */
export const ThinkingStop = z.enum(['natural', 'budget', 'deadline', 'loop', 'confident', 'settled_vote', 'user']);
export type ThinkingStop = z.infer<typeof ThinkingStop>;

/** Why an answer was cut: the limit of its tokens, the time, or repetition. */
export const IncompleteReason = z.enum(['max_output_tokens', 'deadline', 'loop']);
export type IncompleteReason = z.infer<typeof IncompleteReason>;

export const AnswerSource = z.enum(['draft', 'deliberate', 'vote', 'revision']);
export type AnswerSource = z.infer<typeof AnswerSource>;

export const Phase = z.enum(['queued', 'draft', 'think', 'check', 'revise', 'answer']);
export type Phase = z.infer<typeof Phase>;

/** What a running response shows about its progress. Tokens, ms. */
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

/** What was finally used, after defaults, the effort table and short forms. Tokens. */
export const EffectiveReasoning = z.object({
  effort: Effort.describe('For a request with effort auto: what it decided; auto until the response has ended.'),
  requested: z.literal('auto').exactOptional().describe('Present if the service was asked to decide.'),
  because: z.string().exactOptional().describe('Why auto decided as it did.'),
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
      'The most visible tokens: max_output_tokens if the request sets it, otherwise what the context leaves after the input, at most 4,096.',
    ),
  deadline_ms: z.int().positive().nullable(),
  natural_tokens: z
    .int()
    .positive()
    .exactOptional()
    .describe(
      'The thinking tokens that a chain needs, learned from earlier responses of a model without calibration. Absent: as in its effort table.',
    ),
  /** Whether values are computed in the thoughts. Absent: the response is older than this feature, so they are not. */
  compute: z.enum(['on', 'off']).exactOptional(),
});
export type EffectiveReasoning = z.infer<typeof EffectiveReasoning>;

/** What was used after `auto` has decided. */
export function decidedReasoning(planned: EffectiveReasoning, { effort, because }: Decision): EffectiveReasoning {
  if (effort !== 'none') return { ...planned, effort, because };
  return {
    ...planned,
    effort,
    because,
    strategy: 'direct',
    budget_tokens: 0,
    samples: 1,
    max_revisions: 0,
    compute: 'off',
  };
}
