import type { CreateResponse } from '../../../src/contracts/responses/create-response.ts';
import type { EffectiveReasoning } from '../../../src/contracts/responses/reasoning.ts';
import type { EffortLevel } from '../../../src/contracts/service/effort-table.ts';
import type { ModelObject } from '../../../src/contracts/service/listings.ts';

/** The efforts that the console offers by name; a budget of one's own goes beyond them. */
export const efforts = ['auto', 'none', 'low', 'medium', 'high'] as const;
export type ChosenEffort = (typeof efforts)[number];

/** How a question is to be asked. */
export type Choice = {
  effort: ChosenEffort;
  /** Tokens; undefined: the effort's own, by the model's table. */
  budget: number | undefined;
  /** Empty: the service's default. */
  model: string;
  /** Empty: `deliberate`, or none for a fast answer. */
  strategy: string;
};

/** What a choice spends, as the model's effort table has it; undefined for a fast answer. `auto`: what it spends where it thinks. */
export function levelOf(model: ModelObject | undefined, effort: ChosenEffort): EffortLevel | undefined {
  if (effort === 'none' || model === undefined) return undefined;
  const { levels, auto } = model.effort_table;
  return levels[effort === 'auto' ? (auto?.level ?? 'medium') : effort];
}

/** An effort in the reader's words: what `auto` has decided stands behind it. */
export function shownEffort(
  { effort, requested }: EffectiveReasoning,
  names: Readonly<Record<EffectiveReasoning['effort'], string>>,
): string {
  return requested === undefined || effort === requested ? names[effort] : `${names[requested]}: ${names[effort]}`;
}

/** The request's fields for a choice. */
export function requestOf({
  effort,
  budget,
  model,
  strategy,
}: Choice): Pick<CreateResponse, 'model' | 'mode' | 'reasoning'> {
  const named = model === '' ? {} : { model };
  if (effort === 'none') return { ...named, mode: 'fast' };
  return {
    ...named,
    reasoning: {
      effort,
      ...(budget === undefined ? {} : { budget_tokens: budget }),
      ...(strategy === '' ? {} : { strategy }),
    },
  };
}

export function asEffort(value: unknown): ChosenEffort | undefined {
  return efforts.find((effort) => effort === value);
}
