import { describe, expect, it } from 'vitest';
import { markedLines } from '../../../src/cli/render/wrong-lines.ts';
import type { CheckResult } from '../../../src/contracts/trace.ts';

const failed: CheckResult = { name: 'arithmetic', verdict: 'fail', judges: 'line', detail: '2 + 2 is not 5', line: 1 };
const wrong = (text: string, checks: CheckResult[] = []) =>
  markedLines({ text, checks }).flatMap((line) => (line.wrong ? [line.text] : []));

describe('lines that are struck out', () => {
  it('is the one that a check found wrong', () => {
    expect(wrong('I add.\n2 + 2 = 5.\nSo 5.\n', [failed])).toEqual(['2 + 2 = 5.']);
  });

  it('is none where the check passed, or judges the answer', () => {
    expect(wrong('I add.\n2 + 2 = 5.', [{ ...failed, verdict: 'pass' }])).toEqual([]);
    expect(wrong('I add.\n2 + 2 = 5.', [{ ...failed, judges: 'value' }])).toEqual([]);
  });

  it('is the one before the thought takes it back', () => {
    expect(wrong('2 + 2 = 5.\nWait, 5 is wrong. I do that step again.\n2 + 2 = 4.')).toEqual(['2 + 2 = 5.']);
  });

  it('is none of a step without a thought', () => {
    expect(markedLines({ text: null, checks: [failed] })).toEqual([{ text: '', wrong: false }]);
  });
});
