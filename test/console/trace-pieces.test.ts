import { describe, expect, test } from 'vitest';
import { inReadingOrder, sampleTree, wasPutRight } from '../../console/src/views/trace/sample-tree.ts';
import { thoughtLines } from '../../console/src/views/trace/thought-lines.ts';
import { timeTicks } from '../../console/src/views/trace/time-axis.ts';
import { layoutTimeline } from '../../console/src/views/trace/timeline-layout.ts';
import {
  draftAndAnswer,
  noSteps,
  reasonsOfChange,
  thoughtsHidden,
  verdictOf,
  withEvent,
} from '../../console/src/views/trace/trace-steps.ts';
import { voteRounds } from '../../console/src/views/trace/vote-rounds.ts';
import type { CheckResult, TraceStep } from '../../src/contracts/responses/trace.ts';

const start = 1_700_000_000_000;
const step = (index: number, phase: TraceStep['phase'], given: Partial<TraceStep> = {}): TraceStep => ({
  index,
  phase,
  sample: phase === 'think' || phase === 'revise' ? 0 : null,
  started_at: start + index * 100,
  duration_ms: 100,
  tokens: 10,
  text: null,
  summary: `step ${index}`,
  stop_reason: null,
  answer: null,
  confidence: null,
  checks: [],
  prompt: null,
  ...given,
});
const failed: CheckResult = {
  name: 'arithmetic',
  verdict: 'fail',
  judges: 'line',
  detail: '2 + 2 is not 5',
  line: 1,
  wrong: '5',
};

/** A draft of 7, a chain that says 5 by a wrong line, a search for that line, its revision to 4, a second chain, the vote. */
const trace = [
  step(0, 'draft', { answer: '7' }),
  step(1, 'think', { answer: '5', checks: [failed], text: 'First.\n2 + 2 = 5.\nSo 5.' }),
  step(2, 'revise', { text: 'First.\n2 + 2 = 5.\nWait.\n2 + 2 = 4.\n', because: 'arithmetic: 2 + 2 is not 5' }),
  step(3, 'revise', {
    answer: '4',
    text: 'First.\n2 + 2 = 5.\nWait.\n2 + 2 = 4.\nSo 4.',
    because: 'arithmetic: 2 + 2 is not 5',
  }),
  step(4, 'think', { sample: 1, answer: '4' }),
  step(5, 'vote', {
    tally: [
      { answer: '4', ballots: 2 },
      { answer: '7', ballots: 1 },
    ],
  }),
  step(6, 'answer', { sample: 0, answer: '4', because: '4 leads the vote.' }),
];

describe('the timeline', () => {
  const { lanes, span, spent, tokens } = layoutTimeline(trace, { running: new Set(), now: 0 });

  test('has a lane for the draft, each chain with its revisions, and the decision', () => {
    expect(lanes.map(({ key, bars }) => [key, bars.map(({ index }) => index)])).toEqual([
      ['draft', [0]],
      ['chain-0', [1, 2, 3]],
      ['chain-1', [4]],
      ['decision', [5, 6]],
    ]);
    expect(span).toBe(700);
    expect(lanes[1]?.bars[0]).toMatchObject({ start: 100, end: 200, verdict: 'fail' });
  });

  test('tokens add up over time and never fall', () => {
    expect(tokens).toBe(70);
    expect(spent[0]).toEqual({ at: 0, tokens: 0 });
    expect(spent.at(-1)).toEqual({ at: 700, tokens: 70 });
    for (const [index, { tokens: spentHere }] of spent.entries()) {
      expect(spentHere).toBeGreaterThanOrEqual(spent[index - 1]?.tokens ?? 0);
    }
  });

  test('chains that run side by side spend together', () => {
    const both = [step(0, 'think'), step(1, 'think', { sample: 1, started_at: start + 50, tokens: 20 })];
    expect(layoutTimeline(both, { running: new Set(), now: 0 }).spent).toEqual([
      { at: 0, tokens: 0 },
      { at: 50, tokens: 5 },
      { at: 100, tokens: 20 },
      { at: 150, tokens: 30 },
    ]);
  });

  test('a running step reaches to now', () => {
    const running = layoutTimeline([step(0, 'think', { duration_ms: 0 })], { running: new Set([0]), now: start + 900 });
    expect(running.lanes[0]?.bars[0]).toMatchObject({ start: 0, end: 900, running: true });
    expect(layoutTimeline([], { running: new Set(), now: start }).lanes).toEqual([]);
  });
});

test('what running steps have decoded is theirs in equal parts, and fed tokens are nobody’s', () => {
  const usage = { input: 9, cached: 0, draft: 10, think: 60, check: 0, revise: 0, forced: 7, discarded: 0, answer: 0 };
  const progress = {
    phase: 'think' as const,
    step: 1,
    steps: 2,
    thinking_tokens: 60,
    budget_tokens: 100,
    queue_position: null,
    eta_ms: null,
  };
  const wave = [step(0, 'draft'), step(1, 'think', { tokens: 0 }), step(2, 'think', { sample: 1, tokens: 0 })];
  const known = withEvent({ ...noSteps, steps: wave, running: new Set([1, 2]) }, { type: 'progress', progress, usage });
  const { lanes, tokens } = layoutTimeline(known.steps, { ...known, now: start + 900 });
  expect(lanes.map(({ bars }) => bars.map((bar) => bar.tokens))).toEqual([[10], [30], [30]]);
  expect(tokens).toBe(70);
});

describe('the times below the timeline', () => {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

  test.each([
    [1_900, 300, ['0.0 s', '0.5 s', '1.0 s', '1.5 s']],
    [1_900, 900, ['0.0 s', '0.2 s', '0.4 s', '0.6 s', '0.8 s', '1.0 s', '1.2 s', '1.4 s', '1.6 s', '1.8 s']],
    [1_900, 60, ['0.0 s']],
    // Steps of 20 ms would all be told as tenths.
    [160, 900, ['0.0 s', '0.1 s']],
    [1, 900, ['0.0 s']],
    [1_900, 0, ['0.0 s']],
  ])('%i ms over %i px', (span, width, expected) => {
    expect(timeTicks(span, width, seconds).map(({ words }) => words)).toEqual(expected);
  });

  test('stand beside each other, within the axis', () => {
    for (const span of [700, 1_900, 5_000, 31_000, 130_000]) {
      for (const width of [200, 340, 600, 1_000]) {
        const ticks = timeTicks(span, width, seconds);
        for (const [index, { left, words }] of ticks.entries()) {
          const right = left + words.length * 7;
          expect(left).toBeGreaterThanOrEqual(0);
          expect(right).toBeLessThanOrEqual(Math.min(width, (ticks[index + 1]?.left ?? width + 8) - 8));
        }
      }
    }
  });
});

describe('the tree', () => {
  test('hangs searches and revisions on what they revise, and knows what each chain stands for', () => {
    const tree = sampleTree(trace);
    expect(tree.map(({ key, standing }) => [key, standing.answer])).toEqual([
      ['draft', '7'],
      ['chain-0', '4'],
      ['chain-1', '4'],
    ]);
    expect(tree[1]?.root.children.map((node) => node.step.index)).toEqual([2, 3]);
    expect(inReadingOrder(tree)).toEqual([0, 1, 2, 3, 4]);
  });
});

test('a line was put right where it was neither searched for nor told of in a prompt', () => {
  const [draft, chain, search, found] = trace;
  if (!draft || !chain || !search || !found) throw new Error('no steps');
  const searched = { ...search, stop_reason: 'line' };
  expect(wasPutRight([draft, chain, found], found)).toBe(true);
  expect(wasPutRight([draft, chain, searched, found], found)).toBe(false);
  expect(wasPutRight([draft, chain, searched], searched)).toBe(false);
  expect(wasPutRight([draft, chain], chain)).toBe(false);
  const told = { ...found, prompt: { file: 'revise', hash: 'sha256' } };
  expect(wasPutRight([draft, chain, told], told)).toBe(false);
});

describe('the vote', () => {
  test('is bars against the leader’s, with the voters as they stood', () => {
    const [round] = voteRounds(trace);
    expect(round?.bars).toEqual([
      { answer: '4', ballots: 2, share: 1, leads: true, voters: [0, 1] },
      { answer: '7', ballots: 1, share: 0.5, leads: false, voters: [null] },
    ]);
  });

  test('of an early round counts no later chain', () => {
    const early = step(4, 'vote', { started_at: start + 400, tally: [{ answer: '4', ballots: 1 }] });
    const later = step(5, 'think', { sample: 1, answer: '4', started_at: start + 500 });
    expect(voteRounds([...trace.slice(0, 4), early, later])[0]?.bars[0]?.voters).toEqual([0]);
  });
});

describe('a thought', () => {
  test('has its wrong line crossed out, with the reason', () => {
    const lines = thoughtLines(step(1, 'think', { text: 'First.\n2 + 2 = 5.\nSo 5.\n', checks: [failed] }));
    expect(lines.map(({ number, state }) => [number, state])).toEqual([
      [1, 'plain'],
      [2, 'wrong'],
      [3, 'plain'],
    ]);
    expect(lines[1]?.reason?.detail).toBe('2 + 2 is not 5');
  });

  test('that revises another shows what was kept, taken back, and new', () => {
    const [, original, , revision] = trace;
    if (original === undefined || revision === undefined) throw new Error('no steps');
    expect(thoughtLines(revision, original).map(({ state }) => state)).toEqual([
      'kept',
      'taken-back',
      'correction',
      'new',
      'new',
    ]);
  });

  test('whose wrong line was cut away has no correction in it', () => {
    const original = { text: 'First.\n2 + 2 = 5.\nSo 5.', checks: [failed] };
    const revision = { text: 'First.\n2 + 2 = 4.\nSo 4.', checks: [] };
    expect(thoughtLines(revision, original).map(({ number, state }) => [number, state])).toEqual([
      [1, 'kept'],
      [2, 'replaced'],
      [2, 'new'],
      [3, 'new'],
    ]);
  });

  test('in which a check put a line right shows the wrong line, why it was wrong, and what was put there', () => {
    const original = { text: 'First.\n2 + 2 = 5.\nSo 5.', checks: [failed] };
    const revision = { text: 'First.\n2 + 2 = 4.\nSo 4.', checks: [] };
    const [, wrong, right, last] = thoughtLines(revision, original, { putRight: true });
    expect(wrong).toMatchObject({ number: 2, text: '2 + 2 = 5.', state: 'replaced', reason: failed });
    expect(right).toMatchObject({ number: 2, text: '2 + 2 = 4.', state: 'put-right', reason: undefined });
    expect(right?.text.slice(...(right.changed ?? []))).toBe('4');
    expect(last).toMatchObject({ state: 'new' });
    expect(last).not.toHaveProperty('changed');
  });

  test('whose line was put right up to its end is marked to its end', () => {
    const original = { text: 'a-b-c are the letters.', checks: [{ ...failed, line: 0 }] };
    const revision = { text: 'a-b-b-c', checks: [] };
    const right = thoughtLines(revision, original, { putRight: true }).find(({ state }) => state === 'put-right');
    expect(right?.text.slice(...(right.changed ?? []))).toBe('b-c');
  });

  test('that may not be seen has no lines', () => {
    expect(thoughtLines(step(1, 'think'))).toEqual([]);
  });
});

describe('a trace', () => {
  test('grows by its events', () => {
    const added = withEvent(noSteps, { type: 'trace_step.added', step: step(1, 'think', { tokens: 0 }) });
    expect([...added.running]).toEqual([1]);
    const second = withEvent(added, { type: 'trace_step.added', step: step(0, 'draft') });
    const done = withEvent(second, { type: 'trace_step.done', step: step(1, 'think', { tokens: 9 }) });
    expect(done.steps.map(({ index, tokens }) => [index, tokens])).toEqual([
      [0, 10],
      [1, 9],
    ]);
    expect([...done.running]).toEqual([0]);
  });

  test('tells the draft from the answer, and why it changed', () => {
    expect(draftAndAnswer(trace)).toMatchObject({ draft: { answer: '7' }, answer: { answer: '4' }, changed: true });
    expect(reasonsOfChange(trace)).toEqual([
      { check: 'arithmetic', because: '2 + 2 is not 5' },
      { check: undefined, because: '4 leads the vote.' },
    ]);
    expect(draftAndAnswer(trace.slice(0, 2))).toMatchObject({ answer: undefined, changed: false });
  });

  test('without thoughts is known as one', () => {
    expect(thoughtsHidden({ ...noSteps, steps: trace })).toBe(false);
    const hidden = trace.map((one) => ({ ...one, text: null }));
    expect(thoughtsHidden({ ...noSteps, steps: hidden })).toBe(true);
    expect(thoughtsHidden({ ...noSteps, steps: [step(0, 'draft')] })).toBe(false);
    expect(verdictOf([failed, { ...failed, verdict: 'pass' }])).toBe('fail');
  });
});
