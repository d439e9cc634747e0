import pico from 'picocolors';
import { describe, expect, it } from 'vitest';
import { createStepWriter, stepLine, stepText } from '../../../src/cli/render/step-text.ts';
import type { TraceStep } from '../../../src/contracts/responses/trace.ts';

const plain = pico.createColors(false);
const coloured = pico.createColors(true);
const step: TraceStep = {
  index: 1,
  phase: 'think',
  sample: 0,
  started_at: 0,
  duration_ms: 4_200,
  tokens: 1_234,
  text: 'I add.\n2 + 2 = 5.\n',
  summary: 'The chain answered 5; a check found: 2 + 2 is not 5.',
  stop_reason: 'natural',
  answer: '5',
  confidence: -0.1,
  checks: [
    { name: 'arithmetic', verdict: 'fail', judges: 'line', detail: '2 + 2 is not 5', line: 1 },
    { name: 'units', verdict: 'abstain', judges: 'value', detail: 'the answer names no unit' },
  ],
  prompt: null,
};

describe('a step in the terminal', () => {
  it('is one line of mark, name, tokens and what came of it', () => {
    expect(stepLine(step, plain)).toBe(`✗ chain 1   1,234 tokens  ${step.summary}`);
  });

  it('strikes out the wrong line in colour, and marks it without', () => {
    expect(stepText(step, coloured)).toContain('\u001b[31m\u001b[9m2 + 2 = 5.');
    expect(stepText(step, plain)).toContain('    │ ✗ 2 + 2 = 5.');
  });

  it('shows in a revision what it has in the place of the wrong line', () => {
    const revised: TraceStep = { ...step, index: 2, phase: 'revise', text: 'I add.\n2 + 2 = 4.\nSo 4.', checks: [] };
    const other: TraceStep = { ...step, sample: 1, text: 'Something else.' };
    for (const [paint, lines] of [
      [plain, ['    │ I add.', '    │ ✗ 2 + 2 = 5.', '    │ → 2 + 2 = 4.', '    │ So 4.']],
      [coloured, ['\u001b[31m\u001b[9m2 + 2 = 5.', '\u001b[32m2 + 2 = 4.']],
    ] as const) {
      const write = createStepWriter(paint);
      write(step);
      write(other);
      const text = write(revised);
      for (const line of lines) expect(text).toContain(line);
    }
  });

  it('underlines computed values, and says once what that means', () => {
    const text = 'I add.\n132 × 6 = 792. \u001b[2J\nSo 792 + 1 = 793.';
    const value = (expression: string, shown: string) => ({
      at: text.indexOf(`= ${shown}`) + 2,
      length: shown.length,
      expression,
    });
    const computed = [value('132 × 6', '792'), value('792 + 1', '793')];
    const thought: TraceStep = { ...step, text, computed, checks: [] };
    const write = createStepWriter(coloured);
    const first = write(thought);
    expect(first).toContain('132 × 6 = \u001b[4m792\u001b[24m. [2J');
    expect(first).toContain('So 792 + 1 = \u001b[4m793\u001b[24m.');
    expect(first).toContain('\u001b[4munderlined\u001b[24m: computed by the service');
    expect(write({ ...thought, index: 2, sample: 1 })).not.toContain('computed by the service');
    const revised: TraceStep = { ...step, text, computed };
    expect(createStepWriter(coloured)(revised)).toContain('\u001b[31m\u001b[9m132 × 6 = \u001b[4m792');
    expect(createStepWriter(plain)(thought)).not.toContain('computed by the service');
  });

  it('says nothing of a check that had nothing to judge', () => {
    expect(stepText(step, plain)).toContain('✗ arithmetic: 2 + 2 is not 5');
    expect(stepText(step, plain)).not.toContain('units');
  });

  it('draws the vote as bars, and says why a step was made', () => {
    const vote = stepText(
      {
        ...step,
        phase: 'vote',
        sample: null,
        text: null,
        checks: [],
        because: 'waves are over',
        tally: [
          { answer: '4', ballots: 4 },
          { answer: '5', ballots: 1 },
        ],
      },
      plain,
    );
    expect(vote).toContain('because waves are over');
    expect(vote).toContain(`4  ${'━'.repeat(20)}  4 votes`);
    expect(vote).toContain(`5  ${'━'.repeat(5)}${'─'.repeat(15)}  1 vote`);
  });

  it('keeps a long answer to its line', () => {
    const answer = 'a tale of the soul, '.repeat(200);
    const tally = [
      { answer, ballots: 4 },
      { answer: '5', ballots: 1 },
    ];
    const vote = stepText(
      { ...step, phase: 'vote', sample: null, text: null, checks: [], summary: answer, tally },
      plain,
    );
    expect(Math.max(...vote.split('\n').map(({ length }) => length))).toBeLessThan(200);
    expect(vote).toContain('a tale of the soul, a tale of the soul, a tale of the soul,…');
  });

  it('says once what the vote decided', () => {
    const summary = '5 leads the vote with 2 of 3 votes.';
    const rest = { ...step, text: null, checks: [], tokens: 0, duration_ms: 0, stop_reason: null };
    const vote: TraceStep = { ...rest, phase: 'vote', sample: null, summary };
    const stepText = createStepWriter(plain);
    const written = [vote, { ...rest, phase: 'answer' as const, sample: 1, summary }].map(stepText).join('\n');
    expect(written.split(summary)).toHaveLength(2);
    expect(written).toContain('From chain 2.');
    const unvoted = createStepWriter(plain)({ ...rest, phase: 'answer', sample: 0, summary });
    expect(unvoted).toContain(summary);
  });
});
