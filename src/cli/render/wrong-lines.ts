import type { TraceStep } from '../../contracts/responses/trace.ts';

/** A thought's lines, and which of them (from 0) a check found wrong: in it, or in the thought that it revises and keeps them of. */
export type JudgedThought = {
  lines: readonly string[];
  wrong: ReadonlySet<number>;
  /** The computed values of each line. */
  computed: readonly (readonly ComputedPart[])[];
};
/** Where a computed value stands in its line, in UTF-16 units. */
export type ComputedPart = { from: number; to: number };
/** `replaces`: stands where the chain before it had a wrong line, which is listed before it. */
type MarkedLine = { text: string; wrong: boolean; computed: readonly ComputedPart[]; replaces?: true };

/** That a thought takes a line back itself says nothing here: a small model takes right ones back too. */
export function judgedThought(
  { text, checks, computed = [] }: Pick<TraceStep, 'text' | 'checks' | 'computed'>,
  revised?: JudgedThought,
): JudgedThought {
  const lines = (text ?? '').trimEnd().split('\n');
  const failed = checks.flatMap(({ judges, verdict, line }) =>
    judges === 'line' && verdict === 'fail' && line !== undefined ? [line] : [],
  );
  const parting = partingOf(lines, revised);
  const kept = [...(revised?.wrong ?? [])].filter((line) => line < parting);
  return { lines, wrong: new Set([...failed, ...kept]), computed: partsOf(lines, computed) };
}

function partsOf(lines: readonly string[], computed: NonNullable<TraceStep['computed']>): ComputedPart[][] {
  let start = 0;
  return lines.map((line) => {
    const from = start;
    start += line.length + 1;
    return computed
      .filter(({ at }) => at >= from && at < from + line.length)
      .map(({ at, length }) => ({ from: at - from, to: at - from + length }));
  });
}

/**
 * A thought's lines, with those marked that a check found wrong. With `revised`, the thought that this one revises, its wrong
 * line is shown too where another was put in its place.
 */
export function markedLines({ lines, wrong, computed }: JudgedThought, revised?: JudgedThought): MarkedLine[] {
  const parting = partingOf(lines, revised);
  const replaced = revised?.wrong.has(parting) ? revised.lines[parting] : undefined;
  return lines.flatMap((text, index): MarkedLine[] => {
    const line = { text, wrong: wrong.has(index), computed: computed[index] ?? [] };
    if (index !== parting || replaced === undefined) return [line];
    return [
      { text: replaced, wrong: true, computed: revised?.computed[parting] ?? [] },
      { ...line, replaces: true },
    ];
  });
}

/** The first line that is another than in the thought before. */
function partingOf(lines: readonly string[], revised: JudgedThought | undefined): number {
  const parting = lines.findIndex((line, index) => line !== revised?.lines[index]);
  return parting === -1 ? lines.length : parting;
}
