import { describe, expect, it } from 'vitest';
import type { AnsweredRow, AnsweredStep } from '../../eval/answered-row.ts';
import { phaseContributions } from '../../eval/phase-contribution.ts';

type Given = [phase: string, sample: number, answer: string | null, rejected?: boolean];

/** The right answer is R throughout. */
function row(steps: Given[], final: string): AnsweredRow {
  return {
    fingerprint: 'f',
    arm: 'high',
    row: 1,
    kind: 'add',
    question: 'q',
    expected: 'R',
    response: 'resp_1',
    status: 'completed',
    output: final,
    right: final === 'R',
    source: 'vote',
    thinking_stop: 'natural',
    input_tokens: 1,
    output_tokens: 1,
    phases: { draft: 0, think: 0, check: 0, revise: 0, forced: 0, discarded: 0, answer: 1 },
    seconds: 1,
    steps: steps.map(
      ([phase, sample, answer, rejected = false]): AnsweredStep => ({
        phase,
        sample,
        answer,
        rejected,
        wrongLines: 0,
        right: answer === 'R',
        stop: null,
        tokens: 1,
      }),
    ),
  };
}

const changes = (rows: AnsweredRow[]) =>
  Object.fromEntries(
    phaseContributions(rows).map(({ phase, wrongToRight, rightToWrong }) => [phase, [wrongToRight, rightToWrong]]),
  );

describe('phaseContributions', () => {
  it('credits the phase that turned the answer', () => {
    expect(
      changes([
        row(
          [
            ['draft', 0, 'W'],
            ['think', 0, 'R'],
          ],
          'R',
        ),
      ]),
    ).toMatchObject({ 'greedy chain': [1, 0] });
    expect(
      changes([
        row(
          [
            ['draft', 0, 'W'],
            ['think', 0, 'W'],
            ['think', 1, 'R'],
            ['think', 2, 'R'],
          ],
          'R',
        ),
      ]),
    ).toMatchObject({ 'greedy chain': [0, 0], 'plain vote': [1, 0], filter: [0, 0], 'weighted vote': [0, 0] });
    expect(
      changes([
        row(
          [
            ['think', 0, 'W', true],
            ['think', 1, 'R'],
            ['think', 2, 'W', true],
          ],
          'R',
        ),
      ]),
    ).toMatchObject({ 'plain vote': [0, 0], filter: [1, 0] });
    expect(
      changes([
        row(
          [
            ['think', 0, 'W', true],
            ['revise', 0, 'R'],
          ],
          'R',
        ),
      ]),
    ).toMatchObject({
      filter: [0, 0],
      revise: [1, 0],
    });
    expect(changes([row([['think', 0, 'W']], 'R')])).toMatchObject({ 'weighted vote': [1, 0] });
  });

  it('blames the phase that lost the answer', () => {
    expect(
      changes([
        row(
          [
            ['draft', 0, 'R'],
            ['think', 0, 'W'],
          ],
          'W',
        ),
      ]),
    ).toMatchObject({ 'greedy chain': [0, 1] });
    expect(
      changes([
        row(
          [
            ['think', 0, 'R', true],
            ['think', 1, 'W'],
          ],
          'W',
        ),
      ]),
    ).toMatchObject({ filter: [0, 1] });
  });

  it('lets the first chain break a tie', () => {
    expect(
      changes([
        row(
          [
            ['think', 0, 'R'],
            ['think', 1, 'W'],
          ],
          'R',
        ),
      ]),
    ).toMatchObject({ 'plain vote': [0, 0] });
  });

  it('leaves out what was answered without thinking', () => {
    expect(phaseContributions([row([['draft', 0, 'R']], 'R')])[0]?.questions).toBe(0);
  });
});
