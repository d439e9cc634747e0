import { z } from 'zod';
import type { Effort } from '../responses/reasoning.ts';

const NamedCheck = z.looseObject({ type: z.string() });

/** What one level of effort spends. The budget bounds how many chains there are, not how long one is. Tokens. */
export const EffortLevel = z.object({
  strategy: z.string(),
  /** Sampled thinking tokens of all chains and revisions together. */
  budget_tokens: z.int().nonnegative(),
  /** Chains at most. */
  samples: z.int().positive(),
  /** Chains that have to give the same value; as soon as they do, the others are stopped. */
  agree: z.int().positive(),
  /** Chains that are begun side by side, where the model can run several at once. */
  wave: z.int().positive(),
  max_revisions: z.int().nonnegative(),
  /** Exactly these checks at this level. Absent, as in tables that calibration writes: the standard ones, as `checks` of the table changes them. */
  checks: z.array(NamedCheck).optional(),
});
export type EffortLevel = z.infer<typeof EffortLevel>;

/** What the probability of an answer is reckoned from; `src/reasoning/voting/certainty.ts` says what each is. */
export const CertaintyFeature = z.enum([
  'agreement',
  'dissent',
  'thought_surprise',
  'answer_surprise',
  'length',
  'number',
  'either_or',
  'computed',
  'failed_check',
  'handed_over',
]);
export type CertaintyFeature = z.infer<typeof CertaintyFeature>;

const Weighed = z.object({ mean: z.number(), deviation: z.number().positive(), weight: z.number() });

/**
 * A logistic model of how probably an answer is right, as calibration fitted it on chains of this model. Each feature is
 * standardised by its `mean` and `deviation` and multiplied by its `weight`; one that is absent, here or of an answer, adds nothing.
 */
export const Certainty = z.object({
  /** Questions that it was fitted on. */
  questions: z.int().positive(),
  intercept: z.number(),
  features: z.partialRecord(CertaintyFeature, Weighed),
});
export type Certainty = z.infer<typeof Certainty>;

/** What `auto` decides from, of a fast answer; `src/reasoning/sampling/fast-probe.ts` says what each is. */
export const ProbeFeature = z.enum([
  'mean_surprise',
  'most_surprise',
  'first_margin',
  'length',
  'ended',
  'value',
  'number',
]);
export type ProbeFeature = z.infer<typeof ProbeFeature>;

/** A logistic model, of the same form, of how probably thinking would not make a fast answer better, and what follows. */
export const AutoRule = z.object({
  questions: z.int().positive(),
  intercept: z.number(),
  features: z.partialRecord(ProbeFeature, Weighed),
  /** The fast answer stands from this probability on. */
  threshold: z.number().min(0).max(1),
  /** What is thought with below it. */
  level: z.enum(['low', 'medium', 'high', 'xhigh', 'max']),
});
export type AutoRule = z.infer<typeof AutoRule>;

/** One data file per model, written by calibration, with the figures that it was chosen from. */
export const EffortTable = z.object({
  model: z.string(),
  /** How the figures were had; null for the defaults of a model that was never calibrated. */
  calibrated: z.object({ at: z.string(), questions: z.int(), figures: z.record(z.string(), z.unknown()) }).nullable(),
  /** The thinking tokens within which 95 % of chains end by themselves. A further chain is begun only if so many are left. */
  natural_tokens: z.int().positive(),
  /** Of chains, unless `own_sampling` is on; and of further chains where the request asks for temperature 0. */
  temperature: z.number().nonnegative(),
  /** Chains are drawn with the model's own settings: its `generation_config.json`, or its server's defaults. */
  own_sampling: z.boolean().default(false),
  /** Calibration found that the first chain is right more often if it is greedy. */
  greedy_first: z.boolean().default(false),
  /** One chain ends the thinking if its answer is right with this probability, as calibrated. Null: never. */
  confident: z.number().min(0).max(1).nullable().default(null),
  /** Calibration found that comparing the leading answers pays where they tie. */
  compare: z.boolean().default(false),
  answer_reserve_tokens: z.int().positive(),
  /** Calibration found that values computed in the thoughts pay. Absent: only the model's own configuration says so. */
  compute: z.boolean().exactOptional(),
  /** How this model's checks differ from the standard ones: names that are off, checks that are on beside them or with other options. */
  checks: z.object({ off: z.array(z.string()).default([]), on: z.array(NamedCheck).default([]) }).optional(),
  /** Null where nothing was fitted: answers then have no probability. */
  certainty: Certainty.nullable().default(null),
  /** Null where nothing was fitted: `auto` then goes by a threshold that is the same for all models. */
  auto: AutoRule.nullable().default(null),
  levels: z.object({
    low: EffortLevel,
    medium: EffortLevel,
    high: EffortLevel,
    xhigh: EffortLevel,
    max: EffortLevel,
  }),
});
export type EffortTable = z.infer<typeof EffortTable>;

/** What a level of effort spends: fast ones nothing, so for them the lowest that thinks; `auto` what it may decide for. */
export function levelOf({ levels, auto }: Pick<EffortTable, 'levels' | 'auto'>, effort: Effort): EffortLevel {
  return levels[thinkingLevel(effort, auto)];
}

/** The level that thinks where this effort does. */
export function thinkingLevel(effort: Effort, auto: AutoRule | null): keyof EffortTable['levels'] {
  if (effort === 'auto') return auto?.level ?? 'medium';
  return effort === 'none' || effort === 'minimal' ? 'low' : effort;
}
