import type { CheckResult, TraceStep } from '../../../../src/contracts/responses/trace.ts';
import { type ComputedSpan, computedByLine } from '../../run/thought-lines.ts';

/** A line of a thought as the page shows it. */
export type ThoughtLine = {
  /** From 1, as people count. */
  number: number;
  text: string;
  computed: readonly ComputedSpan[];
  /**
   * `kept`: of the chain that this one revises. `wrong`: a check crossed it out. `taken-back`: crossed out before.
   * `replaced`: the wrong line of the chain before, which is not in this thought; the line after it stands in its place, and
   * is `put-right` where what the check knows was put there.
   */
  state: 'plain' | 'kept' | 'wrong' | 'taken-back' | 'correction' | 'replaced' | 'put-right' | 'new';
  /** Of a line in the place of another: the part of `text` that is another than there. */
  changed?: readonly [from: number, to: number];
  /** Why it is wrong. */
  reason: CheckResult | undefined;
};

/**
 * The lines of a step's thought. With `revised`, the step whose thought this one revises, what both share is told from what
 * is new; the line that was wrong there stays crossed out where it was kept, with the sentence that takes it back, or is
 * shown before the line that stands in its place, which a check knew where the line was put right.
 */
export function thoughtLines(
  step: Pick<TraceStep, 'text' | 'checks' | 'computed'>,
  revised?: Pick<TraceStep, 'text' | 'checks' | 'computed'>,
  { putRight }: { putRight: boolean } = { putRight: false },
): ThoughtLine[] {
  if (step.text === null) return [];
  const lines = step.text.replace(/\n+$/, '').split('\n');
  const computed = computedByLine(step);
  const before = revised?.text?.split('\n');
  const shared = before === undefined ? 0 : sharedLines(lines, before);
  const oldFault = revised?.checks.find((check) => check.verdict === 'fail' && check.line !== undefined);
  // Only where lines stand after it: the line at which the two part is a new one.
  const keptWrong = oldFault?.line !== undefined && oldFault.line < shared ? oldFault.line : undefined;
  const replaced = oldFault?.line === shared ? before?.[shared] : undefined;
  return lines.flatMap((text, index): ThoughtLine[] => {
    const reason = step.checks.find((check) => check.verdict === 'fail' && check.line === index);
    const number = index + 1;
    const line = {
      number,
      text,
      computed: computed[index] ?? [],
      reason: reason ?? (index === keptWrong ? oldFault : undefined),
      state: stateOf(index),
    };
    if (replaced === undefined || index !== shared) return [line];
    return [
      {
        number,
        text: replaced,
        computed: revised === undefined ? [] : (computedByLine(revised)[shared] ?? []),
        reason: oldFault,
        state: 'replaced',
      },
      { ...line, changed: changedPart(text, replaced) },
    ];

    function stateOf(at: number): ThoughtLine['state'] {
      if (reason !== undefined) return 'wrong';
      if (before === undefined) return 'plain';
      if (at === keptWrong) return 'taken-back';
      if (keptWrong !== undefined && at === keptWrong + 1) return 'correction';
      if (at < shared) return 'kept';
      return at === shared && replaced !== undefined && putRight ? 'put-right' : 'new';
    }
  });
}

function sharedLines(lines: readonly string[], before: readonly string[]): number {
  const parting = lines.findIndex((line, index) => line !== before[index]);
  return parting === -1 ? lines.length : parting;
}

/** Where a line is another than `before`, in whole words and numbers. */
function changedPart(text: string, before: string): [number, number] {
  const words = wordsOf(text);
  const old = wordsOf(before);
  const room = Math.min(words.length, old.length);
  let head = 0;
  while (head < room && words[head] === old[head]) head += 1;
  let tail = 0;
  while (tail < room - head && words.at(-1 - tail) === old.at(-1 - tail)) tail += 1;
  const lengthOf = (pieces: readonly string[]): number => pieces.join('').length;
  return [lengthOf(words.slice(0, head)), lengthOf(words.slice(0, words.length - tail))];
}

function wordsOf(line: string): string[] {
  return line.match(/\d+(?:[.,]\d+)*|\p{L}+|\s+|./gsu) ?? [];
}
