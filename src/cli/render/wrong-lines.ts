import type { TraceStep } from '../../contracts/trace.ts';

/** `replaces`: stands where the chain before it had a wrong line, which is listed before it. */
export type MarkedLine = { text: string; wrong: boolean; replaces?: true };
type Thought = Pick<TraceStep, 'text' | 'checks'>;

/**
 * A thought's lines, with those marked that a check found wrong or that the thought itself took back. With `revised`, the
 * thought that this one revises, its wrong line is shown too where another was put in its place.
 */
export function markedLines({ text, checks }: Thought, revised?: Thought): MarkedLine[] {
  const lines = linesOf(text);
  const failed = failedLines(checks);
  const old = linesOf(revised?.text ?? null);
  const parting = lines.findIndex((line, index) => line !== old[index]);
  const replaced = revised !== undefined && failedLines(revised.checks).has(parting) ? old[parting] : undefined;
  return lines.flatMap((line, index): MarkedLine[] => {
    const wrong = failed.has(index) || takenBack(lines[index + 1]);
    if (index !== parting || replaced === undefined) return [{ text: line, wrong }];
    return [
      { text: replaced, wrong: true },
      { text: line, wrong, replaces: true },
    ];
  });
}

function linesOf(text: string | null): string[] {
  return (text ?? '').trimEnd().split('\n');
}

function failedLines(checks: TraceStep['checks']): Set<number> {
  return new Set(
    checks.flatMap(({ judges, verdict, line }) =>
      judges === 'line' && verdict === 'fail' && line !== undefined ? [line] : [],
    ),
  );
}

/** The families' correction sentences: what comes before such a line is wrong. */
function takenBack(next: string | undefined): boolean {
  return next !== undefined && /^wait, .+ is wrong\b/i.test(next.trim());
}
