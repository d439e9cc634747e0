import type { TraceStep } from '../../../src/contracts/trace.ts';

/** A line of a thought; `struck`: a check found it wrong, and why. */
export type ThoughtLine = { number: number; text: string; struck: string | undefined };

/** A step with the lines that it added to its chain. */
export type ThoughtStep = { step: TraceStep; lines: readonly ThoughtLine[] };

/**
 * The steps with their thoughts' lines. A revision's text holds its chain from the start: only what it adds is given, and
 * lines that a check had struck stay struck.
 */
export function thoughtSteps(steps: readonly TraceStep[]): ThoughtStep[] {
  const chains = new Map<number, { lines: string[]; struck: Map<number, string> }>();
  return steps.map((step) => {
    const lines = (step.text ?? '').split('\n').map((line) => line.trimEnd());
    while (lines.at(-1) === '') lines.pop();
    const before = step.sample === null ? undefined : chains.get(step.sample);
    const kept = before === undefined ? 0 : samePrefix(before.lines, lines);
    const struck = new Map([...(before?.struck ?? [])].filter(([number]) => number < kept));
    for (const check of step.checks) {
      if (check.verdict === 'fail' && check.judges === 'line' && check.line !== undefined) {
        struck.set(check.line, check.detail || check.name);
      }
    }
    if (step.sample !== null && step.text !== null) chains.set(step.sample, { lines, struck });
    const added = lines.map((text, number) => ({ number, text, struck: struck.get(number) })).slice(kept);
    return { step, lines: added.filter(({ text }) => text !== '') };
  });
}

function samePrefix(one: readonly string[], other: readonly string[]): number {
  const end = one.findIndex((line, index) => line !== other[index]);
  return end === -1 ? Math.min(one.length, other.length) : end;
}
