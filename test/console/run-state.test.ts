import { describe, expect, it } from 'vitest';
import { candidatesOf } from '../../console/src/run/candidates.ts';
import { runFigures, shortAnswer } from '../../console/src/run/run-figures.ts';
import { type StepsSoFar, stepsAfter } from '../../console/src/run/steps-so-far.ts';
import { computedByLine, thoughtSteps } from '../../console/src/run/thought-lines.ts';
import type { CheckResult, TraceStep } from '../../src/contracts/responses/trace.ts';

function step(given: Partial<TraceStep> & Pick<TraceStep, 'index' | 'phase'>): TraceStep {
  return {
    sample: null,
    started_at: 0,
    duration_ms: 0,
    tokens: 0,
    text: null,
    summary: '',
    stop_reason: null,
    answer: null,
    confidence: null,
    checks: [],
    prompt: null,
    ...given,
  };
}

const wrongLine: CheckResult = {
  name: 'arithmetic',
  verdict: 'fail',
  judges: 'line',
  detail: '48 / 6 is not 9',
  line: 1,
};
const think = step({
  index: 1,
  phase: 'think',
  sample: 0,
  text: '55 - 7 = 48.\n48 ÷ 6 = 9.\nSo the answer is 9.\n',
  answer: '9',
  checks: [wrongLine],
});
const revise = step({
  index: 2,
  phase: 'revise',
  sample: 0,
  text: '55 - 7 = 48.\n48 ÷ 6 = 9.\nWait, 9 is wrong.\n48 ÷ 6 = 8.\n',
});
const revised = step({
  index: 3,
  phase: 'revise',
  sample: 0,
  text: `${revise.text}So the answer is 8.\n`,
  answer: '8',
  checks: [{ name: 'arithmetic', verdict: 'pass', judges: 'line', detail: '2 equations hold' }],
});

describe('thoughts', () => {
  it('know where in a line a value was computed, and of what', () => {
    const text = 'Pencils: 5 × 12 = 60.\nlength("é") = 1, 60 + 1 = 61.';
    const computed = [
      { at: 18, length: 2, expression: '5 × 12' },
      { at: 36, length: 1, expression: 'length("é")' },
      { at: 48, length: 2, expression: '60 + 1' },
    ];
    const lines = text.split('\n');
    const shown = (step: { text: string | null; computed?: typeof computed }) =>
      computedByLine(step).map((spans, line) =>
        spans.map(({ from, to, expression }) => [lines[line]?.slice(from, to), expression]),
      );
    expect(shown({ text, computed })).toEqual([
      [['60', '5 × 12']],
      [
        ['1', 'length("é")'],
        ['61', '60 + 1'],
      ],
    ]);
    expect(shown({ text })).toEqual([[], []]);
    expect(computedByLine({ text: null })).toEqual([[]]);
  });

  it('strike a wrong line, drop what followed it, and give a revision only what it adds', () => {
    const [first, second, third] = thoughtSteps([think, revise, revised]);
    expect(first?.lines).toEqual([
      { number: 0, text: '55 - 7 = 48.', computed: [], struck: undefined, dropped: false },
      { number: 1, text: '48 ÷ 6 = 9.', computed: [], struck: '48 / 6 is not 9', dropped: false },
      { number: 2, text: 'So the answer is 9.', computed: [], struck: undefined, dropped: true },
    ]);
    expect(second?.lines.map(({ text }) => text)).toEqual(['Wait, 9 is wrong.', '48 ÷ 6 = 8.']);
    expect(third?.lines.map(({ text }) => text)).toEqual(['So the answer is 8.']);
  });

  it('have calls of tools where the thought had come to, ended or still running', () => {
    const called = (index: number, text: string) =>
      step({
        index,
        phase: 'tool',
        sample: 0,
        text,
        call: {
          id: `c${index}`,
          name: 'python',
          arguments: '{}',
          output: '42',
          error: false,
          of: 'think',
          turn: index,
          text: '',
        },
      });
    const calls = [called(5, 'First.\n'), called(6, 'Second.\n')];
    const chain = step({ index: 4, phase: 'think', sample: 0, text: 'First.\nSecond.\nThird.' });
    const placed = (steps: TraceStep[]) =>
      thoughtSteps(steps).map(({ step: { index }, calls: made }) => [
        index,
        made.map((call) => [call.step.index, call.after]),
      ]);
    expect(placed([{ ...chain, calls: [5, 6] }, ...calls])).toEqual([
      [
        4,
        [
          [5, 0],
          [6, 1],
        ],
      ],
    ]);
    expect(placed([{ ...chain, text: 'First.' }, called(5, 'First.\n')])).toEqual([[4, [[5, 0]]]]);
    // Without the chain's own step it stands for itself.
    expect(placed([called(5, '')])).toEqual([[5, [[5, -1]]]]);
  });

  it('grow with the live trace, computed values where they stand', () => {
    const begun = step({ index: 0, phase: 'think', sample: 0 });
    let known: StepsSoFar = { steps: [], running: new Set() };
    const hear = (event: Parameters<typeof stepsAfter>[1]) => {
      known = stepsAfter(known, event);
    };
    hear({ type: 'trace_step.added', step: begun });
    hear({ type: 'trace_step.delta', index: 0, text: '40 + 2 = ' });
    hear({ type: 'trace_step.delta', index: 0, text: '42.', computed: [{ at: 0, length: 2, expression: '40 + 2' }] });
    expect(known.steps[0]).toMatchObject({ text: '40 + 2 = 42.', computed: [{ at: 9, length: 2 }] });
    // A worker that died: the next one begins the step anew.
    hear({ type: 'trace_step.added', step: begun });
    expect(known.steps[0]?.text).toBeNull();
    hear({ type: 'trace_step.done', step: { ...begun, text: 'whole' } });
    hear({ type: 'trace_step.delta', index: 0, text: 'late' });
    expect(known).toMatchObject({ steps: [{ text: 'whole' }] });
    expect(known.running.size).toBe(0);
  });

  it('have no lines for a key that may not see them', () => {
    expect(thoughtSteps([{ ...think, text: null }])[0]?.lines).toEqual([]);
  });
});

describe('answers on the way', () => {
  it('keep what a sample said before it was revised', () => {
    const draft = step({ index: 0, phase: 'draft', answer: '1' });
    expect(candidatesOf([draft, think, revise, revised], false)).toEqual([
      { sample: null, answer: '1', running: false, verdict: 'unchecked', before: [] },
      { sample: 0, answer: '8', running: false, verdict: 'pass', before: ['9'] },
    ]);
  });

  it('have the capital letters of the sample’s own answer', () => {
    const named = step({ index: 0, phase: 'think', sample: 0, answer: 'friday', answer_text: 'The answer is Friday.' });
    expect(candidatesOf([named], false)).toMatchObject([{ answer: 'Friday' }]);
  });

  it('show a sample that still thinks', () => {
    const begun = step({ index: 4, phase: 'think', sample: 1 });
    expect(candidatesOf([think, begun], true).at(-1)).toMatchObject({ sample: 1, running: true, answer: null });
  });
});

describe('a short answer', () => {
  it.each([
    ['the value that was voted for', [step({ index: 0, phase: 'vote', answer: '8' })], 'It takes 8 weeks.', '8'],
    [
      'that value with its capital letters',
      [step({ index: 0, phase: 'vote', answer: 'friday' })],
      'It is Friday.',
      'Friday',
    ],
    ['the value in a sentence', [], 'The answer is 8.', '8'],
    ['the first line', [], 'Red.\nAnd more.', 'Red.'],
  ])('is %s', (_, steps, text, expected) => {
    expect(shortAnswer({ text, steps })).toBe(expected);
  });
});

describe('the time of a run', () => {
  const asked = { status: 'completed' as const, created_at: 100, completed_at: 106, usage: null };
  const worked = [
    step({ index: 0, phase: 'draft', started_at: 102_100, duration_ms: 300 }),
    step({ index: 1, phase: 'think', started_at: 102_400, duration_ms: 3_200 }),
    step({ index: 2, phase: 'answer', started_at: 105_700, duration_ms: 200 }),
  ];

  it('is known to the millisecond without the wait, and to the second with it', () => {
    expect(runFigures({ response: asked, steps: worked })).toMatchObject({
      thinkingMs: 3_600,
      workMs: 3_800,
      wholeSeconds: 6,
      waited: true,
    });
  });

  it('counts the thought tokens of the budget apart from drafts, inserted tokens and answers', () => {
    const phases = { draft: 7, think: 120, check: 3, revise: 20, forced: 33, discarded: 14, answer: 6 };
    const usage = {
      input_tokens: 9,
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens: 203,
      output_tokens_details: { reasoning_tokens: 197 },
      phases,
      total_tokens: 212,
    };
    expect(runFigures({ response: { ...asked, usage }, steps: worked })).toMatchObject({
      thinkingTokens: 143,
      beside: { draft: 7, forced: 33, discarded: 14 },
      outputTokens: 203,
    });
  });

  it('has no wait to tell of where the work fills the seconds', () => {
    expect(runFigures({ response: { ...asked, completed_at: 103 }, steps: worked }).waited).toBe(false);
  });

  it('is known to the second alone where a step was cancelled before its end', () => {
    const steps = [...worked.slice(0, 1), step({ index: 1, phase: 'think', started_at: 102_400 })];
    expect(runFigures({ response: { ...asked, status: 'cancelled' }, steps })).toMatchObject({
      thinkingMs: undefined,
      workMs: undefined,
      wholeSeconds: 6,
    });
  });

  it('is told to the second alone where there is no trace', () => {
    expect(runFigures({ response: asked, steps: [] })).toMatchObject({
      thinkingMs: undefined,
      workMs: undefined,
      wholeSeconds: 6,
      waited: undefined,
    });
  });
});
