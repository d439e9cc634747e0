import type { TraceStep } from '../../contracts/trace.ts';

export type MarkedLine = { text: string; wrong: boolean };

/** A thought's lines, with those marked that a check found wrong or that the thought itself took back. */
export function markedLines({ text, checks }: Pick<TraceStep, 'text' | 'checks'>): MarkedLine[] {
  const lines = (text ?? '').trimEnd().split('\n');
  const failed = new Set(
    checks.flatMap(({ judges, verdict, line }) =>
      judges === 'line' && verdict === 'fail' && line !== undefined ? [line] : [],
    ),
  );
  return lines.map((line, index) => ({ text: line, wrong: failed.has(index) || takenBack(lines[index + 1]) }));
}

/** The families' correction sentences: what comes before such a line is wrong. */
function takenBack(next: string | undefined): boolean {
  return next !== undefined && /^wait, .+ is wrong\b/i.test(next.trim());
}
