import type { Strategy, StrategyDependencies } from '../strategy.ts';
import { budgetForcing } from './budget-forcing.ts';
import { direct } from './direct.ts';

/** Every strategy by its name. A new one is a file and a line here. */
export function createStrategies(_dependencies: StrategyDependencies): ReadonlyMap<string, Strategy> {
  const all: Strategy[] = [direct, budgetForcing];
  return new Map(all.map((strategy) => [strategy.name, strategy]));
}
