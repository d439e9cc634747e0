import { z } from 'zod';
import { Effort } from '../src/contracts/responses/reasoning.ts';

/** The fields of a request's `reasoning` that an arm may set. */
export const ReasoningFields = z.strictObject({
  effort: Effort.optional(),
  strategy: z.string().optional(),
  samples: z.int().nonnegative().optional(),
  max_revisions: z.int().nonnegative().optional(),
  budget_tokens: z.int().nonnegative().optional(),
  checks: z.array(z.looseObject({ type: z.string() })).optional(),
  checks_only: z.boolean().optional(),
  compute: z.enum(['on', 'off']).optional(),
  options: z.record(z.string(), z.unknown()).default({}),
});

/** One way of asking: an effort and its overrides. */
export type Arm = {
  name: string;
  /** Request fields in addition to `model` and `input`. */
  request: { reasoning: Record<string, unknown>; temperature?: number; tools?: ReadonlyArray<Record<string, unknown>> };
};

/** The two baselines that every other arm is compared with. */
export const fastArm = 'none';
export const greedyArm = 'greedy';

const whole = z.coerce.number().int().nonnegative();
const Override = z.object({
  strategy: z.string().optional(),
  samples: whole.optional(),
  max_revisions: whole.optional(),
  budget_tokens: whole.optional(),
  /** `none`, or names joined by `+`; `expected` gets each question's own answer. */
  checks: z
    .string()
    .transform((names) => (names === 'none' ? [] : names.split('+').map((type) => ({ type }))))
    .optional(),
  /** Whether values are computed in the thoughts. */
  compute: z.enum(['on', 'off']).optional(),
  temperature: z.coerce.number().min(0).max(2).optional(),
  /** `python`: with the tool `code_interpreter`. */
  tools: z.enum(['python']).optional(),
  /**
   * A strategy's own options: parts of `deliberate` to leave out, joined by `+`; whether a vote stops when it is
   * decided.
   */
  without: z
    .string()
    .transform((parts) => parts.split('+'))
    .optional(),
  adaptive: z.stringbool().optional(),
});

/**
 * An arm as readers know it, in plain text: `fast`, `one greedy chain`, and the two that levels are compared with at equal
 * tokens; any other by its level and fields.
 */
export function nameOfArm(arm: string): string {
  const chains = /:strategy=self-consistency:samples=(\d+):adaptive=false$/.exec(arm)?.[1];
  if (chains !== undefined) return `a plain majority of ${chains}`;
  if (arm.endsWith(':strategy=budget-forcing:samples=1')) return 'one chain';
  return { [fastArm]: 'fast', [greedyArm]: 'one greedy chain' }[arm] ?? arm;
}

/**
 * Parses `LEVEL[:field=value…]`: `high`, `high:samples=1`, `high:without=vote+revise`. `greedy` is one greedy chain.
 * @throws Error that says what is wrong with it
 */
export function parseArm(text: string, defaults: { strategy?: string } = {}): Arm {
  if (text === greedyArm) {
    return {
      name: greedyArm,
      request: { reasoning: { effort: 'high', strategy: 'budget-forcing', samples: 1 }, temperature: 0 },
    };
  }
  const [level, ...fields] = text.split(':');
  const effort = Effort.safeParse(level);
  if (!effort.success) throw new Error(`"${level}" is no effort: ${Effort.options.join(', ')} or ${greedyArm}`);
  const given = Object.fromEntries(fields.map((field) => field.split('=')));
  const override = z.strictObject(Override.shape).safeParse(given);
  if (!override.success) throw new Error(`"${text}": ${z.prettifyError(override.error)}`);
  const { temperature, without, adaptive, tools, ...reasoning } = override.data;
  const only = reasoning.checks === undefined ? {} : { checks_only: true };
  const options = { ...(without && { without }), ...(adaptive !== undefined && { adaptive }) };
  const thinks = effort.data !== 'none' && effort.data !== 'minimal';
  const strategy = thinks && defaults.strategy !== undefined ? { strategy: defaults.strategy } : {};
  return {
    name: text,
    request: {
      reasoning: {
        effort: effort.data,
        ...strategy,
        ...reasoning,
        ...only,
        ...(Object.keys(options).length > 0 && { options }),
      },
      ...(temperature === undefined ? {} : { temperature }),
      ...(tools && { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] }),
    },
  };
}
