import { describe, expect, it } from 'vitest';
import { emptyUsage } from '../../src/contracts/responses/usage.ts';
import type { ModelEvent } from '../../src/core/language-model.ts';
import {
  createSampleCounter,
  createStoppedRun,
  createUsageTotals,
  mostUnread,
  reconciled,
  usageField,
} from '../../src/core/token-counts.ts';
import { tokenMargins } from '../../src/core/token-ledger.ts';

const going = (thinking: number) => ({ tokens: { thinking }, thoughtEnded: false });
const ended = (thinking: number) => ({ tokens: { thinking }, thoughtEnded: true });

const rows = [going(10), ended(12)];

describe('a stopped run', () => {
  it('withholds what its rows may have thought, and no more than they have once the model reports', () => {
    const usage = createUsageTotals();
    const run = createStoppedRun(usage, { budgetTokens: 100, perSampleTokens: 40 });
    run.withhold(rows);
    expect(usage.withheld()).toBe(30);
    run.onStopped(25);
    expect(usage.withheld()).toBe(3);
    run.onStopped(25);
    expect(usage.withheld()).toBe(3);
  });

  it('may be reported before it is known here', () => {
    const usage = createUsageTotals();
    const run = createStoppedRun(usage, { budgetTokens: 100, perSampleTokens: 40 });
    run.onStopped(22);
    expect(usage.withheld()).toBe(0);
    run.withhold(rows);
    expect(usage.withheld()).toBe(0);
  });
});

describe('mostUnread', () => {
  it.each([
    ['no thought', undefined, [going(0)], 0],
    ['what is left of each row’s cap', { budgetTokens: 100, perSampleTokens: 20 }, [going(15), going(12)], 13],
    ['what is left of the grant', { budgetTokens: 30, perSampleTokens: 20 }, [going(15), going(12)], 3],
    ['the whole grant of a row without a cap', { budgetTokens: 30 }, [going(4)], 26],
    ['nothing of ended rows', { budgetTokens: 100, perSampleTokens: 20 }, [ended(3), going(20)], 0],
  ])('is %s', (_, granted, rows, tokens) => {
    expect(mostUnread(granted, rows)).toBe(tokens);
  });
});

describe('createUsageTotals', () => {
  it('counts a prompt once, however many calls read it', () => {
    const usage = createUsageTotals();
    usage.addPrompt({ inputTokens: 7, cachedTokens: 3 });
    usage.addPrompt({ inputTokens: 9, cachedTokens: 9 });
    expect(usage.snapshot()).toEqual({ ...emptyUsage(), input: 7, cached: 3 });
  });

  it('moves a chosen answer, so that it is counted once', () => {
    const usage = createUsageTotals();
    usage.add('discarded', 8);
    usage.move('discarded', 'answer', 5);
    expect(usage.snapshot()).toEqual({ ...emptyUsage(), discarded: 3, answer: 5 });
  });

  it.each([
    ['draft', 'answer', 'draft'],
    ['think', 'thinking', 'think'],
    ['revise', 'answer', 'discarded'],
    ['draft', 'forced', 'forced'],
  ] as const)('counts a %s’s %s tokens as %s', (phase, kind, field) => {
    expect(usageField(phase, kind)).toBe(field);
  });
});

describe('createSampleCounter', () => {
  const thought = (ids: number, rest: object = {}): ModelEvent => ({
    type: 'thinking-delta',
    sample: 0,
    text: 'x',
    tokenIds: Array.from({ length: ids }, () => 1),
    logprobs: [],
    forced: false,
    ...rest,
  });
  const finish = (thinkingTokens: number, forcedTokens: number, answerTokens: number): ModelEvent => ({
    type: 'finish',
    sample: 0,
    reason: 'stop',
    usage: { inputTokens: 1, cachedTokens: 0, thinkingTokens, forcedTokens, answerTokens },
    scores: {},
  });

  it('counts by the ids of the deltas, computed values apart', () => {
    const counter = createSampleCounter(() => {});
    counter.count(thought(3));
    counter.count(thought(2, { forced: true }));
    counter.count(thought(4, { forced: true, expression: '1+1' }));
    expect(counter.thoughtEnded).toBe(false);
    counter.count({ type: 'thinking-end', sample: 0, reason: 'natural' });
    expect(counter.thoughtEnded).toBe(true);
    counter.count({ type: 'answer-delta', sample: 0, text: 'y', tokenIds: [1, 2], logprobs: [] });
    expect(counter.tokens).toEqual({ thinking: 3, forced: 6, answer: 2 });
    expect(counter.computed).toBe(4);
  });

  it('settles at each call of a tool, beside what earlier attempts spent', () => {
    const added = { thinking: 0, forced: 0, answer: 0 };
    const counter = createSampleCounter(
      (kind, tokens) => {
        added[kind] += tokens;
      },
      { thinking: 5, forced: 1, answer: 0 },
    );
    counter.count(thought(3));
    const call = { id: 'call_1', name: 'sum', arguments: '{}', turn: 0, thought: '', text: '' };
    const usage = { thinkingTokens: 6, forcedTokens: 0, answerTokens: 0 };
    counter.count({ type: 'tool-start', sample: 0, call, usage });
    expect(counter.tokens).toEqual({ thinking: 11, forced: 1, answer: 0 });
    expect(added).toEqual({ thinking: 6, forced: 0, answer: 0 });
    expect(counter.thoughtEnded).toBe(false);
  });

  it('takes the model’s own count at the end, and passes on the difference', () => {
    const added = { thinking: 0, forced: 0, answer: 0 };
    const counter = createSampleCounter((kind, tokens) => {
      added[kind] += tokens;
    });
    counter.count(thought(3));
    counter.count(finish(9, 2, 1));
    expect(counter.tokens).toEqual({ thinking: 9, forced: 2, answer: 1 });
    expect(added).toEqual(counter.tokens);
    counter.count(finish(8, 2, 1));
    expect(added.thinking).toBe(8);
  });
});

describe('reconciled', () => {
  const estimated = { thinking: 30, answer: 10 };
  it.each([
    ['nothing for tags that have no text', 40 + tokenMargins.controlTags, undefined, undefined],
    ['by share where the server gives one sum', 80, undefined, { thinking: 60, answer: 20 }],
    ['by the server’s own figure of the thought', 80, 50, { thinking: 50, answer: 30 }],
    ['what is beyond the cap goes to the answer', 200, undefined, { thinking: 100, answer: 100 }],
    ['fewer than were estimated', 20, undefined, { thinking: 15, answer: 5 }],
  ])('%s', (_, decodedTokens, reasoningTokens, expected) => {
    expect(reconciled(estimated, { decodedTokens, reasoningTokens }, 100)).toEqual(expected);
  });

  it('leaves a stream without any text alone', () => {
    expect(reconciled({ thinking: 0, answer: 0 }, { decodedTokens: 9, reasoningTokens: undefined }, 100)).toBe(
      undefined,
    );
  });
});
