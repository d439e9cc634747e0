import type { EffortTable } from './effort-table.ts';

/**
 * Checks of earlier versions, which were specific to one model or worked the answer out from the question. A request or
 * table that still names one gets a warning; the name has no effect.
 */
const retired: ReadonlySet<string> = new Set([
  'calendar',
  'comparison',
  'differences',
  'enumeration',
  'exchanges',
  'extremes',
  'long-division',
  'nearest-word',
  'number-lists',
  'partial-products',
  'primality',
  'proportions',
  'question-numbers',
  'relations',
  'remainders',
  'sorted-order',
  'spelling',
  'truth-values',
  'written-columns',
]);

export function isRetiredCheck(name: string): boolean {
  return retired.has(name);
}

/** The names in an effort table that are no longer checks, each once. */
export function retiredChecksOf(table: Pick<EffortTable, 'checks' | 'levels'>): string[] {
  const named = [...(table.checks?.on ?? []), ...Object.values(table.levels).flatMap(({ checks = [] }) => checks)].map(
    ({ type }) => type,
  );
  return [...new Set([...named, ...(table.checks?.off ?? [])])].filter(isRetiredCheck);
}
