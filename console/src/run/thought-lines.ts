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

/** A call of a tool within a thought: behind the line of number `after`, -1: before all lines. */
type ThoughtCall = { step: TraceStep; after: number };

/** A step with the lines that it added to its chain, and the tools that it called. */
export type ThoughtStep = { step: TraceStep; lines: readonly ThoughtLine[]; calls: readonly ThoughtCall[] };

/**
 * The steps with their thoughts' lines. A revision's text holds its chain from the start: only what it adds is given, and
 * lines that a check had struck stay struck. Calls of tools stand within the thought that made them; one that belongs to no
 * chain's step is a step of its own.
 */
export function thoughtSteps(all: readonly TraceStep[]): ThoughtStep[] {
  const calls = new Map(all.map((step) => [step.index, callsOf(all, step)]));
  const within = new Set([...calls.values()].flatMap((made) => made.map(({ step }) => step.index)));
  const steps = all.filter(({ index }) => !within.has(index));
  const chains = new Map<number, { lines: string[]; struck: Map<number, string> }>();
  const thoughts = steps.map((step) => {
    // What was thought before a call is in the text of the chain's own step.
    const lines = (step.call === undefined ? (step.text ?? '') : '').split('\n').map((line) => line.trimEnd());
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
    const own = step.call === undefined ? (calls.get(step.index) ?? []) : [{ step, after: -1 }];
    return { step, lines: added.filter(({ text }) => text !== ''), calls: own };
  });
  return thoughts.map(({ step, lines, calls: made }) => {
    const next = thoughts.find(({ step: { index, sample, phase } }) => {
      return index > step.index && sample === step.sample && phase === 'revise';
    });
    const from = lines.find(({ struck }) => struck !== undefined)?.number;
    if (next === undefined || from === undefined) return { step, lines, calls: made };
    return { step, lines: lines.map((line) => ({ ...line, dropped: line.number > from })), calls: made };
  });
}

/** The calls that a chain's step has made, each where its thought had come to. */
function callsOf(steps: readonly TraceStep[], chain: TraceStep): ThoughtCall[] {
  if (chain.call !== undefined) return [];
  const nextOfKind = steps.find(
    ({ index, sample, phase }) => index > chain.index && sample === chain.sample && phase === chain.phase,
  );
  const made = steps.filter(({ index, sample, call }) => {
    if (call === undefined) return false;
    if (chain.calls !== undefined) return chain.calls.includes(index);
    const isBefore = nextOfKind !== undefined && index > nextOfKind.index;
    return sample === chain.sample && call.of === chain.phase && index > chain.index && !isBefore;
  });
  const text = chain.text ?? '';
  let said = 0;
  return made.map((step) => {
    said += (step.text ?? '').length + (step.call?.text ?? '').length;
    return { step, after: text.slice(0, said).trimEnd().split('\n').length - 1 };
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
