import type { ComputedValue } from '../../../src/contracts/responses/compute.ts';
import type { TraceStep } from '../../../src/contracts/responses/trace.ts';

/** Where a computed value stands in its line, in UTF-16 units. */
export type ComputedSpan = { from: number; to: number; expression: string };

/** A line of a thought; `struck`: a check found it wrong, and why; `dropped`: it went with a struck one before it. */
export type ThoughtLine = {
  number: number;
  text: string;
  computed: readonly ComputedSpan[];
  struck: string | undefined;
  dropped: boolean;
};

/** A step with the lines that it added to its chain. */
export type ThoughtStep = { step: TraceStep; lines: readonly ThoughtLine[] };

/**
 * The steps with their thoughts' lines. A revision's text holds its chain from the start: only what it adds is given, and
 * lines that a check had struck stay struck.
 */
export function thoughtSteps(steps: readonly TraceStep[]): ThoughtStep[] {
  const chains = new Map<number, { lines: string[]; struck: Map<number, string> }>();
  const thoughts = steps.map((step) => {
    const lines = (step.text ?? '').split('\n').map((line) => line.trimEnd());
    while (lines.at(-1) === '') lines.pop();
    const computed = computedByLine(step);
    const before = step.sample === null ? undefined : chains.get(step.sample);
    const kept = before === undefined ? 0 : samePrefix(before.lines, lines);
    const struck = new Map([...(before?.struck ?? [])].filter(([number]) => number < kept));
    for (const check of step.checks) {
      if (check.verdict === 'fail' && check.judges === 'line' && check.line !== undefined) {
        struck.set(check.line, check.detail || check.name);
      }
    }
    if (step.sample !== null && step.text !== null) chains.set(step.sample, { lines, struck });
    const added = lines
      .map((text, number) => ({
        number,
        text,
        computed: computed[number] ?? [],
        struck: struck.get(number),
        dropped: false,
      }))
      .slice(kept);
    return { step, lines: added.filter(({ text }) => text !== '') };
  });
  return thoughts.map(({ step, lines }) => {
    const next = thoughts.find(({ step: { index, sample, phase } }) => {
      return index > step.index && sample === step.sample && phase === 'revise';
    });
    const from = lines.find(({ struck }) => struck !== undefined)?.number;
    if (next === undefined || from === undefined) return { step, lines };
    return { step, lines: lines.map((line) => ({ ...line, dropped: line.number > from })) };
  });
}

/** A thought's computed values, of each of its lines. */
export function computedByLine({
  text,
  computed = [],
}: {
  text: string | null;
  computed?: readonly ComputedValue[];
}): ComputedSpan[][] {
  let start = 0;
  return (text ?? '').split('\n').map((line) => {
    const from = start;
    start += line.length + 1;
    return computed
      .filter(({ at }) => at >= from && at < from + line.length)
      .map(({ at, length, expression }) => ({ from: at - from, to: at - from + length, expression }));
  });
}

function samePrefix(one: readonly string[], other: readonly string[]): number {
  const end = one.findIndex((line, index) => line !== other[index]);
  return end === -1 ? Math.min(one.length, other.length) : end;
}
