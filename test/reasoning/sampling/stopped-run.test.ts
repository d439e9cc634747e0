import { describe, expect, it } from 'vitest';
import { createUsageTotals } from '../../../src/reasoning/phase-usage.ts';
import { createStoppedRun } from '../../../src/reasoning/sampling/stopped-run.ts';

const rows = [
  { told: 10, ended: false },
  { told: 12, ended: true },
];

describe('a stopped run', () => {
  it('withholds what its rows may have thought, and no more than they have once the model tells', () => {
    const usage = createUsageTotals();
    const run = createStoppedRun(usage, { budgetTokens: 100, perSampleTokens: 40 });
    run.withhold(rows);
    expect(usage.withheld()).toBe(30);
    run.onStopped(25);
    expect(usage.withheld()).toBe(3);
    run.onStopped(25);
    expect(usage.withheld()).toBe(3);
  });

  it('may be told of before it is known here', () => {
    const usage = createUsageTotals();
    const run = createStoppedRun(usage, { budgetTokens: 100, perSampleTokens: 40 });
    run.onStopped(22);
    expect(usage.withheld()).toBe(0);
    run.withhold(rows);
    expect(usage.withheld()).toBe(0);
  });
});
