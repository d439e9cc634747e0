import { z } from 'zod';
import { runPlan } from '../run-plan.ts';
import type { Strategy, StrategyDependencies } from '../strategy.ts';
import { ChecksOption } from './checks-option.ts';

const Part = z.enum(['draft', 'vote', 'checks', 'revise', 'repair', 'filter', 'adaptive']);

const Options = z.object({
  samples: z.int().positive().optional().describe('Chains at most.'),
  max_revisions: z.int().nonnegative().optional().describe('Revisions of one chain at most.'),
  checks: ChecksOption.describe('Checks by name with their options.'),
  without: z.array(Part).optional().describe('Parts to leave out, to see what each gives.'),
});

/** The default: thinks in chains side by side until enough agree, checks, rolls back and revises, votes, and only then answers. */
export function createDeliberate(dependencies: StrategyDependencies): Strategy {
  return {
    name: 'deliberate',
    description: 'Thinks in chains until enough agree, checks, rolls back and revises, votes, and only then answers.',
    options: Options,
    prompts: dependencies.prompts.versions(),
    async *run(context) {
      const without = new Set(Options.parse(context.options ?? {}).without);
      return yield* runPlan(context, dependencies, {
        draft: !without.has('draft'),
        greedy: true,
        checks: !without.has('checks'),
        revise: !without.has('revise'),
        repair: !without.has('repair'),
        filter: !without.has('filter'),
        choose: without.has('vote') ? 'rank' : 'vote',
        adaptive: !without.has('adaptive'),
      });
    },
  };
}
