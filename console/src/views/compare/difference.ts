import { type RunFigures, runFigures, shortAnswer } from '../../run/run-figures.ts';
import { hasEnded, type RunState } from '../../run/run-state.ts';

/** One column of the line that tells the difference. */
export type Outcome = RunFigures & { answer: string; completed: boolean };

/** What the columns came to, once all have ended; undefined before. */
export function outcomesOf(runs: readonly (RunState | undefined)[], count: number): Outcome[] | undefined {
  const ended = runs.flatMap((run) => (run !== undefined && hasEnded(run) && run.traceWhole ? [run] : []));
  if (ended.length < count || count === 0) return undefined;
  return ended.map((run) => ({
    ...runFigures(run),
    answer: shortAnswer(run),
    completed: run.response?.status === 'completed',
  }));
}

/** Whether all came to the same answer, letter case and a full stop aside. No answer agrees with nothing. */
export function allAgree(outcomes: readonly Outcome[]): boolean {
  if (outcomes.some(({ answer }) => answer.trim() === '')) return false;
  return new Set(outcomes.map(({ answer }) => answer.trim().toLowerCase().replace(/\.$/, ''))).size === 1;
}
