import { z } from 'zod';
import { runPlan } from '../run-plan.ts';
import type { Strategy, StrategyDependencies } from '../strategy.ts';

const Options = z.object({
  samples: z.int().positive().optional().describe('Chains at most.'),
  adaptive: z.boolean().optional().describe('Stop when the vote is settled (default), or always run all chains.'),
});

/** Chains and a vote, nothing else (arXiv 2203.11171), stopped when the vote is settled (arXiv 2305.11860). */
export function createSelfConsistency(dependencies: StrategyDependencies): Strategy {
  return {
    name: 'self-consistency',
    description: 'Samples chains until the vote over their answers is settled.',
    options: Options,
    async *run(context) {
      const { adaptive = true } = Options.parse(context.options ?? {});
      const plan = {
        draft: false,
        checks: false,
        revise: false,
        repair: false,
        filter: false,
        choose: 'vote',
        adaptive,
      } as const;
      return yield* runPlan(context, dependencies, { ...plan, waves: [1, 2, 2, 3] });
    },
  };
}
