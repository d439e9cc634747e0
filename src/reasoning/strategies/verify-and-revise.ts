import { z } from 'zod';
import { runPlan } from '../run-plan.ts';
import type { Strategy, StrategyDependencies } from '../strategy.ts';
import { ChecksOption } from './checks-option.ts';

const Options = z.object({
  max_revisions: z.int().nonnegative().optional().describe('Revisions at most.'),
  checks: ChecksOption.describe('Checks by name with their options.'),
});

/** One chain, checked and revised until its checks pass or revisions or budget are spent. */
export function createVerifyAndRevise(dependencies: StrategyDependencies): Strategy {
  return {
    name: 'verify-and-revise',
    description: 'One chain, checked, rolled back and revised until the checks find nothing.',
    options: Options,
    prompts: dependencies.prompts.versions(),
    async *run(context) {
      Options.parse(context.options ?? {});
      const one = { ...context, effective: { ...context.effective, samples: 1 } };
      const plan = {
        draft: false,
        greedy: true,
        checks: true,
        revise: true,
        repair: true,
        filter: true,
        choose: 'rank',
        adaptive: true,
      } as const;
      return yield* runPlan(one, dependencies, plan);
    },
  };
}
