import type { CheckResult, TraceStep } from '../../../../src/contracts/trace.ts';

/** A line of a thought as the page shows it. */
export type ThoughtLine = {
  /** From 1, as people count. */
  number: number;
  text: string;
  /** `kept`: of the chain that this one revises. `wrong`: a check crossed it out. `taken-back`: crossed out before. */
  state: 'plain' | 'kept' | 'wrong' | 'taken-back' | 'correction' | 'new';
  /** Why it is wrong. */
  reason: CheckResult | undefined;
};

/**
 * The lines of a step's thought. With `revised`, the step whose thought this one revises, what both share is told from what
 * is new, and the line that was wrong there stays crossed out where it was kept, with the sentence that takes it back.
 */
export function thoughtLines(
  step: Pick<TraceStep, 'text' | 'checks'>,
  revised?: Pick<TraceStep, 'text' | 'checks'>,
): ThoughtLine[] {
  if (step.text === null) return [];
  const lines = step.text.replace(/\n+$/, '').split('\n');
  const before = revised?.text?.split('\n');
  const shared = before === undefined ? 0 : sharedLines(lines, before);
  const oldFault = revised?.checks.find((check) => check.verdict === 'fail' && check.line !== undefined);
  // Only where lines stand after it: the line at which the two part is a new one.
  const keptWrong = oldFault?.line !== undefined && oldFault.line < shared ? oldFault.line : undefined;
  return lines.map((text, index) => {
    const reason = step.checks.find((check) => check.verdict === 'fail' && check.line === index);
    return {
      number: index + 1,
      text,
      reason: reason ?? (index === keptWrong ? oldFault : undefined),
      state: stateOf(index),
    };

    function stateOf(at: number): ThoughtLine['state'] {
      if (reason !== undefined) return 'wrong';
      if (before === undefined) return 'plain';
      if (at === keptWrong) return 'taken-back';
      if (keptWrong !== undefined && at === keptWrong + 1) return 'correction';
      return at < shared ? 'kept' : 'new';
    }
  });
}

function sharedLines(lines: readonly string[], before: readonly string[]): number {
  const parting = lines.findIndex((line, index) => line !== before[index]);
  return parting === -1 ? lines.length : parting;
}
