import { describe, expect, it } from 'vitest';
import { chosenChecks, levelChecks } from '../../src/checks/chosen-checks.ts';
import { readEffortTable } from '../../src/models/config/effort-tables.ts';

const table = readEffortTable('nothing-of-its-own');
const level = { table, effort: 'low', computes: false } as const;
const names = (chosen: ReadonlyArray<{ type: string }>) => chosen.map(({ type }) => type);
const standard = ['arithmetic', 'conclusion', 'agreement', 'units', 'answer-form'];

describe('the checks of a level', () => {
  it('are the standard ones, arithmetic only where the service does not compute itself', () => {
    expect(names(levelChecks(level))).toEqual(standard);
    expect(names(levelChecks({ ...level, computes: true }))).toEqual(standard.slice(1));
  });

  it('differ by what the table says', () => {
    const verdict = { type: 'self-verdict', fail_below: -1 };
    const own = { ...table, checks: { off: ['units'], on: [verdict] } };
    const chosen = levelChecks({ ...level, table: own });
    expect(names(chosen)).toEqual(['arithmetic', 'conclusion', 'agreement', 'answer-form', 'self-verdict']);
    expect(chosen).toContainEqual(verdict);
  });

  it('are always the form that was asked for, and whether thought and answer agree', () => {
    const own = { ...table, checks: { off: standard, on: [] } };
    expect(names(levelChecks({ ...level, table: own }))).toEqual(['agreement', 'answer-form']);
  });

  it('are those that the level lists, beside the two that no table turns off', () => {
    const low = { ...table.levels.low, checks: [{ type: 'units' }] };
    const own = { ...table, levels: { ...table.levels, low } };
    expect(names(levelChecks({ ...level, table: own }))).toEqual(['agreement', 'answer-form', 'units']);
    expect(names(levelChecks({ ...level, effort: 'high', table: own }))).toEqual(standard);
  });
});

describe('the checks of a request', () => {
  const named = [
    { type: 'regex', pattern: '^a' },
    { type: 'regex', pattern: 'b$' },
    { type: 'arithmetic', more: 1 },
  ];

  it('are the level’s and those that it names, with its own options', () => {
    expect(chosenChecks(level, { named, only: false })).toEqual([
      { type: 'conclusion' },
      { type: 'agreement' },
      { type: 'units' },
      { type: 'answer-form' },
      ...named,
    ]);
    expect(chosenChecks({ ...level, computes: true }, { named, only: false })).toContainEqual(named[2]);
  });

  it('are those that it names alone, where it says so', () => {
    expect(chosenChecks(level, { named, only: true })).toEqual(named);
    expect(chosenChecks(level, { named: [], only: true })).toEqual([]);
  });
});
