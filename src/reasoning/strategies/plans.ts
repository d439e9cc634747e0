import { z } from 'zod';
import { runPlan } from '../run-plan.ts';
import { PlanPart, type Strategy, type StrategyDependencies } from '../strategy.ts';
import { ChecksOption } from './checks-option.ts';

type PlannedStrategy = {
  name: string;
  description: string;
  parts: readonly PlanPart[];
  /** One chain, whatever the level of effort says. */
  samples?: 1;
  options: z.ZodObject;
};

const Samples = z.int().positive().optional();
const Revisions = z.int().nonnegative().optional();
const Checks = ChecksOption.describe('Checks by name with their options.');
/** Options that change the plan itself; the others are read into the request before it gets here. */
const PlanOptions = z.object({
  adaptive: z.boolean().optional(),
  without: z.array(PlanPart).optional(),
});

/** The strategies that are plans, each with its parts. To add one, add a row. */
const plans: readonly PlannedStrategy[] = [
  {
    // arXiv 2203.11171, stopped when enough chains agree
    name: 'self-consistency',
    description: 'Samples chains until enough of them agree.',
    parts: ['vote', 'adaptive'],
    options: z.object({
      samples: Samples.describe('Chains at most.'),
      adaptive: z.boolean().optional().describe('Stop when enough chains agree (default), or always run all chains.'),
    }),
  },
  {
    name: 'best-of-n',
    description: 'Samples chains and takes the one that checks, the model’s verdict and its confidence rank first.',
    parts: ['checks', 'filter'],
    options: z.object({
      samples: Samples.describe('Chains.'),
      checks: ChecksOption.describe('Checks that rank them.'),
    }),
  },
  {
    name: 'verify-and-revise',
    description: 'One chain, checked, rolled back and revised until the checks find nothing.',
    parts: ['greedy', 'checks', 'revise', 'repair', 'filter', 'adaptive'],
    samples: 1,
    options: z.object({ max_revisions: Revisions.describe('Revisions at most.'), checks: Checks }),
  },
  {
    name: 'deliberate',
    description: 'Thinks in chains until enough agree, checks, rolls back and revises, votes, and only then answers.',
    parts: ['draft', 'greedy', 'checks', 'revise', 'repair', 'filter', 'vote', 'adaptive'],
    options: z.object({
      samples: Samples.describe('Chains at most.'),
      max_revisions: Revisions.describe('Revisions of one chain at most.'),
      checks: Checks,
      without: z
        .array(PlanPart.exclude(['greedy']))
        .optional()
        .describe('Parts to leave out, to see what each gives.'),
    }),
  },
];

export function createPlannedStrategies(dependencies: StrategyDependencies): Strategy[] {
  return plans.map(({ name, description, parts, samples, options }) => ({
    name,
    description,
    options,
    ...(parts.includes('checks') && { checking: dependencies }),
    async *run(context) {
      const { adaptive = true, without = [] } = PlanOptions.parse(options.parse(context.options ?? {}));
      const plan = new Set(parts);
      for (const part of [...without, ...(adaptive ? [] : (['adaptive'] as const))]) plan.delete(part);
      const own = samples === undefined ? context : { ...context, effective: { ...context.effective, samples } };
      return yield* runPlan(own, dependencies, plan);
    },
  }));
}
