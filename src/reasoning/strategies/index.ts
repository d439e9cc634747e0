import type { Strategy, StrategyDependencies } from '../strategy.ts';
import { budgetForcing } from './budget-forcing.ts';
import { direct } from './direct.ts';
import { createPlannedStrategies } from './plans.ts';
import { createProgramOfThought } from './program-of-thought.ts';

/** Every strategy by its name. A new one is a file and a line here; one that is a plan is a row of plans.ts. */
export function createStrategies(dependencies: StrategyDependencies): ReadonlyMap<string, Strategy> {
  const all: Strategy[] = [
    direct,
    createProgramOfThought(dependencies),
    budgetForcing,
    ...createPlannedStrategies(dependencies),
  ];
  return new Map(all.map((strategy) => [strategy.name, strategy]));
}
