import type { Effort } from '../contracts/responses/reasoning.ts';
import { type EffortTable, levelOf } from '../contracts/service/effort-table.ts';
import { checks } from './index.ts';
import type { NamedCheck } from './run-checks.ts';

type Level = {
  table: Pick<EffortTable, 'checks' | 'levels' | 'auto'>;
  effort: Effort;
  /** The service computes the thought's equations while it is decoded. */
  computes: boolean;
};

/** The checks of a request: the level's with those that it names, its own options in place of the level's; `only` leaves the level's out. */
export function chosenChecks(level: Level, asked: { named: readonly NamedCheck[]; only: boolean }): NamedCheck[] {
  if (asked.only) return [...asked.named];
  return withChecks(levelChecks(level), asked.named);
}

/**
 * The checks of a level of effort: the standard ones, less and more what the model's table says, or the level's own. Form and
 * agreement are among them whatever the table says.
 */
export function levelChecks({ table, effort, computes }: Level): NamedCheck[] {
  const own = levelOf(table, effort).checks;
  const { off = [], on = [] } = table.checks ?? {};
  const standard = [...checks.values()]
    .filter((check) => check.standard === 'always' || (check.standard === 'uncomputed' && !computes))
    .filter(({ name, permanent }) => permanent === true || (own === undefined && !off.includes(name)))
    .map(({ name }) => ({ type: name }));
  return withChecks(standard, own ?? on);
}

/** Names in an effort table that no check has, each once; they do nothing. */
export function unknownChecks({ checks: changes, levels }: Pick<EffortTable, 'checks' | 'levels'>): string[] {
  const named = [...(changes?.on ?? []), ...Object.values(levels).flatMap((level) => level.checks ?? [])];
  const names = [...named.map(({ type }) => type), ...(changes?.off ?? [])];
  return [...new Set(names)].filter((name) => !checks.has(name));
}

function withChecks(base: readonly NamedCheck[], more: readonly NamedCheck[]): NamedCheck[] {
  const named = new Set(more.map(({ type }) => type));
  return [...base.filter(({ type }) => !named.has(type)), ...more];
}
