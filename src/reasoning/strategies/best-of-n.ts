import { z } from 'zod';
import { runPlan } from '../run-plan.ts';
import type { Strategy, StrategyDependencies } from '../strategy.ts';
import { ChecksOption } from './checks-option.ts';

const Options = z.object({
  samples: z.int().positive().optional().describe('Chains.'),
  checks: ChecksOption.describe('Checks that rank them.'),
});

/** All chains, then the one that the checks and its own confidence rank first. */
export function createBestOfN(dependencies: StrategyDependencies): Strategy {
  return {
    name: 'best-of-n',
    description: 'Samples chains and takes the one that checks, the model’s verdict and its confidence rank first.',
    options: Options,
    prompts: dependencies.prompts.versions(),
    async *run(context) {
      Options.parse(context.options ?? {});
      const plan = {
        draft: false,
        greedy: false,
        checks: true,
        revise: false,
        repair: false,
        filter: true,
        choose: 'rank',
        adaptive: false,
      } as const;
      return yield* runPlan(context, dependencies, plan);
    },
  };
}
