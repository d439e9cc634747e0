import { describe, expect, it } from 'vitest';
import { createUsageTotals } from '../../src/core/token-counts.ts';
import {
  answerShare,
  computeAllowance,
  createBudget,
  createThinkingBudget,
  estimatePrompt,
  estimateTokens,
  isNearLimit,
  mostWithoutThinking,
  reserveOf,
  roomBesidePrompt,
  roomForThought,
  shareRoom,
  thinkingAllowed,
  thinkingWithin,
  tokenMargins,
  tokensOfPiece,
  tokensOfSegments,
  usableOutput,
  withCallAsThought,
} from '../../src/core/token-ledger.ts';

const budget = (maxOutputTokens?: number, { compute = false } = {}) => {
  const usage = createUsageTotals();
  const limits = { budgetTokens: 100, answer: { maxTokens: 20 }, maxOutputTokens, compute, usage };
  return { usage, budget: createBudget(limits) };
};

describe('createBudget', () => {
  it('takes thoughts, verdicts and revisions from the budget, and nothing else', () => {
    const { usage, budget: left } = budget();
    for (const phase of ['think', 'check', 'revise'] as const) usage.add(phase, 10);
    for (const phase of ['draft', 'forced', 'discarded', 'answer'] as const) usage.add(phase, 1000);
    expect(left.thinking(1)).toBe(70);
    expect(left.answer(1)).toBe(20);
  });

  it('keeps each chain’s answer and hand-over out of max_output_tokens', () => {
    const { usage, budget: left } = budget(200);
    expect(left.thinking(2)).toBe(200 - 2 * (20 + tokenMargins.handOver));
    usage.add('discarded', 150);
    expect(left.thinking(1)).toBe(0);
    expect(left.answer(3)).toBe(16);
  });

  it('keeps what may be computed in thoughts out of max_output_tokens, and none of it out of the budget', () => {
    expect(budget(undefined, { compute: true }).budget.thinking(1)).toBe(100);
    for (let most = 0; most < 300; most += 1) {
      const { budget: left } = budget(most, { compute: true });
      const thought = left.thinking(1);
      const taken = thought + left.computed(thought);
      if (thought > 0) expect(taken + 20 + tokenMargins.handOver).toBeLessThanOrEqual(most);
      if (thought > 0) expect(left.answer(1, taken)).toBe(20);
    }
    expect(budget(168, { compute: true }).budget.thinking(1)).toBe(80);
    expect(budget(168).budget.computed(80)).toBe(0);
  });

  it('keeps no more than the reserve of an answer that may be longer', () => {
    const usage = createUsageTotals();
    const answer = { maxTokens: 150, reserve: 20 };
    const long = createBudget({ budgetTokens: 100, answer, maxOutputTokens: 160, compute: false, usage });
    expect(long.thinking(1)).toBe(160 - 20 - tokenMargins.handOver);
    expect(long.answer(1, long.thinking(1))).toBe(20);
    expect(long.answer(1, 30)).toBe(160 - 30 - tokenMargins.handOver);
    usage.add('think', 60);
    expect(long.answer(1)).toBe(100);
  });

  it('grants no more what a stopped run may have thought unreported', () => {
    const { usage, budget: left } = budget(200);
    usage.withhold(30);
    expect(left.thinking(1)).toBe(70);
    expect(left.thinking(2)).toBe(200 - 30 - 2 * (20 + tokenMargins.handOver));
    expect(usage.snapshot().think).toBe(0);
  });

  it('is never negative', () => {
    const { usage, budget: left } = budget(10);
    usage.add('think', 500);
    expect([left.thinking(1), left.answer(1)]).toEqual([0, 0]);
  });
});

describe('createThinkingBudget', () => {
  it('gives no more than there is and says when it is used up', () => {
    const shared = createThinkingBudget(5);
    expect(shared.take(3)).toBe(true);
    expect(shared.usedUp.aborted).toBe(false);
    expect(shared.take(2)).toBe(true);
    expect(shared.usedUp.aborted).toBe(true);
    expect(shared.take(1)).toBe(false);
    expect(shared.taken).toBe(5);
  });

  it('a piece that is too large ends it', () => {
    const shared = createThinkingBudget(5);
    expect(shared.take(6)).toBe(false);
    expect(shared.usedUp.aborted).toBe(true);
    expect([shared.left, shared.taken]).toEqual([0, 0]);
  });

  it('of nothing is used up from the start', () => {
    expect(createThinkingBudget(0).usedUp.aborted).toBe(true);
  });
});

describe('estimates', () => {
  it.each([
    ['', 0, 0],
    ['word', 1, 1],
    ['a'.repeat(40), 10, 10],
    ['思'.repeat(40), 28, 28],
    ['思'.repeat(20), 14, 1],
  ])('%j is %i tokens as a text and %i as a piece of a stream', (text, whole, piece) => {
    expect(estimateTokens(text)).toBe(whole);
    expect(tokensOfPiece(text)).toBe(piece);
  });

  it('counts texts, turns, images and tools of a prompt', () => {
    const words = estimatePrompt({ messages: [{ role: 'user', content: 'a'.repeat(40) }] });
    expect(words).toBe(10 + tokenMargins.turn + tokenMargins.prompt);
    const parts = [{ type: 'image' as const, url: 'data:image/png;base64,AA' }];
    const shown = estimatePrompt({ messages: [{ role: 'user', content: 'a'.repeat(40), parts }] });
    expect(shown - words).toBe(tokenMargins.media);
    const tools = [{ name: 'weather', description: 'd', parameters: {} }];
    const called = estimatePrompt({ messages: [{ role: 'user', content: 'a'.repeat(40) }], tools });
    expect(called - words).toBe(estimateTokens(JSON.stringify(tools)));
  });

  it('takes a segment by its ids where it has them', () => {
    expect(tokensOfSegments([{ text: 'a'.repeat(40) }, { text: 'a', tokenIds: [1, 2, 3] }])).toBe(13);
  });
});

describe('what a request may use', () => {
  it('keeps the answer whole where no reserve is named', () => {
    expect([reserveOf({ maxTokens: 20 }), reserveOf({ maxTokens: 20, reserve: 8 })]).toEqual([20, 8]);
  });

  it.each([
    [undefined, 1024],
    [3000, 1024],
    [1000, 500],
    [200, 128],
    [100, 100],
  ])('of max_output_tokens %s the answer has %i', (most, share) => {
    expect(answerShare(most, 1024)).toBe(share);
  });

  it('gives each chain the context, and all chains max_output_tokens', () => {
    const limits = { contextLeft: 100, reserve: 20, samples: 3, maxOutputTokens: undefined, compute: false };
    expect(thinkingAllowed(limits)).toEqual({ allowed: 240, inContext: 240 });
    const most = 70 + tokenMargins.handOver;
    expect(thinkingAllowed({ ...limits, maxOutputTokens: most })).toEqual({ allowed: 50, inContext: 240 });
    expect(thinkingAllowed({ ...limits, maxOutputTokens: most, compute: true }).allowed).toBe(40);
    expect(thinkingAllowed({ ...limits, maxOutputTokens: 10 }).allowed).toBe(0);
  });

  it.each([false, true])('allows what one chain can then think (values computed: %s)', (compute) => {
    const answer = { maxTokens: 100, reserve: 20 };
    const usage = createUsageTotals();
    const least = mostWithoutThinking(20, compute) + 1;
    for (const maxOutputTokens of [20, 60, least - 1, least, 100]) {
      const { allowed } = thinkingAllowed({ contextLeft: 500, reserve: 20, samples: 3, maxOutputTokens, compute });
      const budget = createBudget({ budgetTokens: 500, answer, maxOutputTokens, compute, usage });
      expect(budget.thinking(1)).toBe(allowed);
      expect(allowed > 0, `${maxOutputTokens}`).toBe(maxOutputTokens >= least);
    }
  });

  it('finds room for the computed values of every thought that it allows', () => {
    for (let room = 0; room < 200; room += 1) {
      const thought = thinkingWithin(room);
      expect(thought + computeAllowance(thought)).toBeLessThanOrEqual(room);
    }
  });

  it('sums thoughts and answers', () => {
    expect(usableOutput({ thinking: 100, otherAnswers: 3, reserve: 20, answerTokens: 50 })).toBe(210);
  });
});

describe('what a sequence may use', () => {
  const answer = { maxTokens: 30, reserve: 20 };
  it.each([
    ['all that is asked for', 200, { thinking: 80, computed: 25, answer: 30 }],
    ['the reserve first, and a fifth of the rest for computed values', 70, { thinking: 40, computed: 10, answer: 20 }],
    ['the reserve alone', 20, { thinking: 0, computed: 0, answer: 20 }],
    ['an answer that the context cuts', 5, { thinking: 0, computed: 0, answer: 5 }],
  ])('%s', (_, room, shares) => {
    expect(shareRoom(room, { thinking: { budgetTokens: 80, computeTokens: 25 }, answer })).toEqual(shares);
  });

  it('caps one sample', () => {
    const thinking = { budgetTokens: 80, perSampleTokens: 30 };
    expect(shareRoom(200, { thinking, answer })).toEqual({ thinking: 30, computed: 0, answer: 30 });
    expect(shareRoom(200, { thinking: undefined, answer })).toEqual({ thinking: 0, computed: 0, answer: 30 });
  });

  it('leaves a thought what reserve and inserted sentences leave', () => {
    expect(roomForThought(100, { answer, inserted: 15 })).toBe(65);
    expect(roomForThought(30, { answer, inserted: 15 })).toBe(-5);
  });
});

describe('a call that ends a turn', () => {
  const usage = { thinkingTokens: 10, forcedTokens: 3, answerTokens: 20 };

  it('is thought as far as the budget goes, and answer beyond it', () => {
    expect(withCallAsThought(usage, 100)).toEqual({ thinkingTokens: 30, forcedTokens: 3, answerTokens: 0 });
    expect(withCallAsThought(usage, 18)).toEqual({ thinkingTokens: 18, forcedTokens: 3, answerTokens: 12 });
  });

  it('is answer where nothing is left of the budget', () => {
    for (const left of [10, 4, 0]) expect(withCallAsThought(usage, left)).toEqual(usage);
  });
});

describe('a prompt whose exact length only its server knows', () => {
  const load = { contextLength: 1000, estimate: 400, begun: 50, budgetTokens: 100, answer: { maxTokens: 200 } };

  it('is looked up where our estimate may be too low', () => {
    expect(isNearLimit(load)).toBe(false);
    expect(isNearLimit({ ...load, budgetTokens: 151 })).toBe(true);
  });

  it('leaves room for thoughts, and cuts an answer that an estimate can’t vouch for', () => {
    const long = { ...load, answer: { maxTokens: 400, reserve: 100 } };
    const estimated = { tokens: 400, fits: true, room: 550, answerTokens: 250 };
    expect(roomBesidePrompt(long, { exact: undefined, shares: 1 })).toEqual(estimated);
    expect(roomBesidePrompt(long, { exact: undefined, shares: 2 })).toEqual({ ...estimated, answerTokens: 125 });
    expect(roomBesidePrompt(long, { exact: 500, shares: 1 })).toEqual({
      tokens: 500,
      fits: true,
      room: 450,
      answerTokens: 350,
    });
  });

  it('never cuts the reserve, and says where that does not fit', () => {
    const full = { ...load, estimate: 950, answer: { maxTokens: 400, reserve: 100 } };
    expect(roomBesidePrompt(full, { exact: 900, shares: 1 })).toMatchObject({ fits: true, answerTokens: 100 });
    expect(roomBesidePrompt(full, { exact: undefined, shares: 1 })).toMatchObject({ fits: false, answerTokens: 100 });
  });
});
