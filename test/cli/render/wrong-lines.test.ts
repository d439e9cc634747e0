import { describe, expect, it } from 'vitest';
import { judgedThought, markedLines } from '../../../src/cli/render/wrong-lines.ts';
import type { CheckResult } from '../../../src/contracts/responses/trace.ts';

const failed: CheckResult = { name: 'arithmetic', verdict: 'fail', judges: 'line', detail: '2 + 2 is not 5', line: 1 };
const wrong = (text: string, checks: CheckResult[] = []) =>
  markedLines(judgedThought({ text, checks })).flatMap((line) => (line.wrong ? [line.text] : []));

describe('lines that are struck out', () => {
  it('is the one that a check found wrong', () => {
    expect(wrong('I add.\n2 + 2 = 5.\nSo 5.\n', [failed])).toEqual(['2 + 2 = 5.']);
  });

  it('is none where the check passed, or judges the answer', () => {
    expect(wrong('I add.\n2 + 2 = 5.', [{ ...failed, verdict: 'pass' }])).toEqual([]);
    expect(wrong('I add.\n2 + 2 = 5.', [{ ...failed, judges: 'value' }])).toEqual([]);
  });

  it('is none that the model itself takes back: no check found it wrong, and it may be right', () => {
    expect(wrong('9 × 9 = 81.\nWait, 81 is wrong. I do that step again.\n9 × 9 = 81.')).toEqual([]);
  });

  it('stays one in a revision that keeps it and takes it back, and in a revision of that', () => {
    const chain = judgedThought({ text: 'I add.\n2 + 2 = 5.\nSo 5.', checks: [failed] });
    const correction = 'I add.\n2 + 2 = 5.\nWait, 5 is wrong. I do that step again.\n';
    const revision = judgedThought({ text: `${correction}2 + 2 = 6.\nSo 6.`, checks: [{ ...failed, line: 3 }] }, chain);
    const struck = ({ lines, wrong }: typeof chain) => lines.filter((_, line) => wrong.has(line));
    expect(struck(revision)).toEqual(['2 + 2 = 5.', '2 + 2 = 6.']);
    const last = judgedThought({ text: `${correction}2 + 2 = 4.\nSo 4.`, checks: [] }, revision);
    expect(struck(last)).toEqual(['2 + 2 = 5.']);
    expect(markedLines(last, revision).flatMap((line) => (line.wrong || line.replaces ? [line] : []))).toEqual([
      { text: '2 + 2 = 5.', wrong: true, computed: [] },
      { text: '2 + 2 = 6.', wrong: true, computed: [] },
      { text: '2 + 2 = 4.', wrong: false, computed: [], replaces: true },
    ]);
  });

  it('is none of a step without a thought', () => {
    expect(markedLines(judgedThought({ text: null, checks: [failed] }))).toEqual([
      { text: '', wrong: false, computed: [] },
    ]);
  });
});
