import { z } from 'zod';
import type { Effort } from '../responses/reasoning.ts';

const NamedCheck = z.looseObject({ type: z.string() });

/** The limits of one effort level. The budget limits how many chains there are, not how long each one is. Tokens. */
export const EffortLevel = z.object({
  strategy: z.string(),
  /** Sampled thinking tokens of all chains and revisions together. */
  budget_tokens: z.int().nonnegative(),
  /** The most chains. */
  samples: z.int().positive(),
  /** How many chains must give the same value; as soon as they do, the others are stopped. */
  agree: z.int().positive(),
  /** How many chains start together, if the model can run several at once. */
  wave: z.int().positive(),
  max_revisions: z.int().nonnegative(),
  /**
   * Exactly the checks of this level. Absent in tables that calibration writes: then the default checks apply, as
   * modified by `checks` of the table.
   */
  checks: z.array(NamedCheck).optional(),
});
export type EffortLevel = z.infer<typeof EffortLevel>;

/** The inputs for the probability of an answer; described in `src/reasoning/voting/certainty.ts`. */
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
 * A logistic model for the probability that an answer is right, fitted by calibration on chains of this model. Each
 * feature is standardised with its `mean` and `deviation` and multiplied by its `weight`; a feature that is absent,
 * here or for an answer, adds nothing.
 */
export const Certainty = z.object({
  /** The number of questions it was fitted on. */
  questions: z.int().positive(),
  intercept: z.number(),
  features: z.partialRecord(CertaintyFeature, Weighed),
});
export type Certainty = z.infer<typeof Certainty>;

/** The properties of a fast answer from which `auto` decides; described in `src/reasoning/sampling/fast-probe.ts`. */
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

/**
 * A logistic model of the same form for the probability that thinking would not improve a fast answer, and what follows
 * from it.
 */
export const AutoRule = z.object({
  questions: z.int().positive(),
  intercept: z.number(),
  features: z.partialRecord(ProbeFeature, Weighed),
  /** The fast answer is kept if the probability reaches this value. */
  threshold: z.number().min(0).max(1),
  /** The level to think at otherwise. */
  level: z.enum(['low', 'medium', 'high', 'xhigh', 'max']),
  /**
   * The same for an unfinished fast answer, asked after each of its tokens: below this threshold it is not completed, and
   * thinking starts at once. Absent: `auto` decides only by the whole answer.
   */
  early: z
    .object({
      intercept: z.number(),
      features: z.partialRecord(ProbeFeature, Weighed),
      threshold: z.number().min(0).max(1),
    })
    .exactOptional(),
});
export type AutoRule = z.infer<typeof AutoRule>;

/** One data file per model, written by calibration, with the figures behind its values. */
export const EffortTable = z.object({
  model: z.string(),
  /** How the figures were measured; null for the defaults of a model that was never calibrated. */
  calibrated: z.object({ at: z.string(), questions: z.int(), figures: z.record(z.string(), z.unknown()) }).nullable(),
  /**
   * The thinking tokens within which 95 % of chains end by themselves. A further chain starts only if so many are left.
   */
  natural_tokens: z.int().positive(),
  /**
   * The temperature of chains, unless `own_sampling` is on; also of further chains if the request has temperature 0.
   */
  temperature: z.number().nonnegative(),
  /** Chains are sampled with the model's own settings: its `generation_config.json`, or its server's defaults. */
  own_sampling: z.boolean().default(false),
  /** Calibration found that the first chain is right more often if it is greedy. */
  greedy_first: z.boolean().default(false),
  /** One chain ends the thinking if the calibrated probability of its answer reaches this value. Null: never. */
  confident: z.number().min(0).max(1).nullable().default(null),
  /** Calibration found that comparing the leading answers pays if they are tied. */
  compare: z.boolean().default(false),
  answer_reserve_tokens: z.int().positive(),
  /** Calibration found that computing values in thoughts pays. Absent: only the model's own configuration decides. */
  compute: z.boolean().exactOptional(),
  /**
   * Calibration found that so many chains together are decoded at the best speed; no more start together. A GGUF model has so
   * many sequences in llama.cpp. Absent: not measured.
   */
  sequences: z.int().positive().exactOptional(),
  /**
   * How this model's checks differ from the default: names that are off, and checks that are additionally on or have
   * other options.
   */
  checks: z.object({ off: z.array(z.string()).default([]), on: z.array(NamedCheck).default([]) }).optional(),
  /** Null if nothing was fitted: then answers have no probability. */
  certainty: Certainty.nullable().default(null),
  /** Null if nothing was fitted: then `auto` uses a threshold that is the same for all models. */
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

/**
 * The limits of an effort: for fast ones, which use none, those of the lowest thinking level; for `auto`, those of the
 * level that it may choose.
 */
export function levelOf({ levels, auto }: Pick<EffortTable, 'levels' | 'auto'>, effort: Effort): EffortLevel {
  return levels[thinkingLevel(effort, auto)];
}

/** The level at which this effort thinks, if it does. */
export function thinkingLevel(effort: Effort, auto: AutoRule | null): keyof EffortTable['levels'] {
  if (effort === 'auto') return auto?.level ?? 'medium';
  return effort === 'none' || effort === 'minimal' ? 'low' : effort;
}
