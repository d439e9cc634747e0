import type { ThinkingRequest } from '../../core/language-model.ts';
import { untoldThinking } from '../budget.ts';
import type { UsageTotals } from '../phase-usage.ts';

/** The thinking of a run that is stopped before its rows have ended, and that nobody has read. */
type StoppedRun = {
  /** For the model, which may tell it before or after `withhold`, or never. */
  onStopped(thinkingTokens: number): void;
  /** At first all that the rows may have thought is not granted again; what they have not is, as soon as the model tells. */
  withhold(rows: ReadonlyArray<{ told: number; ended: boolean }>): void;
};

export function createStoppedRun(
  usage: Pick<UsageTotals, 'withhold'>,
  granted: Pick<ThinkingRequest, 'budgetTokens' | 'perSampleTokens'> | undefined,
): StoppedRun {
  let sampled: number | undefined;
  let release = () => {};
  return {
    onStopped(thinkingTokens) {
      sampled = thinkingTokens;
      release();
    },
    withhold(rows) {
      const untold = untoldThinking(granted, rows);
      const told = rows.reduce((sum, row) => sum + row.told, 0);
      usage.withhold(untold);
      release = () => {
        if (sampled === undefined) return;
        usage.withhold(Math.min(0, sampled - told - untold));
        release = () => {};
      };
      release();
    },
  };
}
