import { z } from 'zod';
import { runPlan } from '../run-plan.ts';
import type { Strategy, StrategyDependencies } from '../strategy.ts';

const Options = z.object({
  samples: z.int().positive().optional().describe('Chains at most.'),
  adaptive: z.boolean().optional().describe('Stop when enough chains agree (default), or always run all chains.'),
});

/** Chains and a vote, nothing else (arXiv 2203.11171), stopped when enough of them agree. */
export function createSelfConsistency(dependencies: StrategyDependencies): Strategy {
  return {
    name: 'self-consistency',
    description: 'Samples chains until enough of them agree.',
    options: Options,
    async *run(context) {
      const { adaptive = true } = Options.parse(context.options ?? {});
      const plan = {
        draft: false,
        greedy: false,
        checks: false,
        revise: false,
        repair: false,
        filter: false,
        choose: 'vote',
        adaptive,
      } as const;
      return yield* runPlan(context, dependencies, plan);
    },
  };
}
