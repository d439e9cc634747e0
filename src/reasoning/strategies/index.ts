import type { Strategy, StrategyDependencies } from '../strategy.ts';
import { createBestOfN } from './best-of-n.ts';
import { budgetForcing } from './budget-forcing.ts';
import { createDeliberate } from './deliberate.ts';
import { direct } from './direct.ts';
import { createSelfConsistency } from './self-consistency.ts';
import { createVerifyAndRevise } from './verify-and-revise.ts';

/** Every strategy by its name. A new one is a file and a line here. */
export function createStrategies(dependencies: StrategyDependencies): ReadonlyMap<string, Strategy> {
  const all: Strategy[] = [
    direct,
    budgetForcing,
    createSelfConsistency(dependencies),
    createBestOfN(dependencies),
    createVerifyAndRevise(dependencies),
    createDeliberate(dependencies),
  ];
  return new Map(all.map((strategy) => [strategy.name, strategy]));
}
