import { describe, expect, it } from 'vitest';
import { createBudget, handOverAllowance, untoldThinking } from '../../src/reasoning/budget.ts';
import { createUsageTotals } from '../../src/reasoning/phase-usage.ts';

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
    expect(left.thinking(2)).toBe(200 - 2 * (20 + handOverAllowance));
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
      if (thought > 0) expect(taken + 20 + handOverAllowance).toBeLessThanOrEqual(most);
      if (thought > 0) expect(left.answer(1, taken)).toBe(20);
    }
    expect(budget(168, { compute: true }).budget.thinking(1)).toBe(80);
    expect(budget(168).budget.computed(80)).toBe(0);
  });

  it('keeps no more than the reserve of an answer that may be longer', () => {
    const usage = createUsageTotals();
    const answer = { maxTokens: 150, reserve: 20 };
    const long = createBudget({ budgetTokens: 100, answer, maxOutputTokens: 160, compute: false, usage });
    expect(long.thinking(1)).toBe(160 - 20 - handOverAllowance);
    expect(long.answer(1, long.thinking(1))).toBe(20);
    expect(long.answer(1, 30)).toBe(160 - 30 - handOverAllowance);
    usage.add('think', 60);
    expect(long.answer(1)).toBe(100);
  });

  it('grants no more what a stopped run may have thought without telling', () => {
    const { usage, budget: left } = budget(200);
    usage.withhold(30);
    expect(left.thinking(1)).toBe(70);
    expect(left.thinking(2)).toBe(200 - 30 - 2 * (20 + handOverAllowance));
    expect(usage.snapshot().think).toBe(0);
  });

  it('is never negative', () => {
    const { usage, budget: left } = budget(10);
    usage.add('think', 500);
    expect([left.thinking(1), left.answer(1)]).toEqual([0, 0]);
  });
});

describe('untoldThinking', () => {
  const going = (told: number) => ({ told, ended: false });
  it.each([
    ['no thought', undefined, [going(0)], 0],
    ['what is left of each row’s cap', { budgetTokens: 100, perSampleTokens: 20 }, [going(15), going(12)], 13],
    ['what is left of the grant', { budgetTokens: 30, perSampleTokens: 20 }, [going(15), going(12)], 3],
    ['the whole grant of a row without a cap', { budgetTokens: 30 }, [going(4)], 26],
    ['nothing of ended rows', { budgetTokens: 100, perSampleTokens: 20 }, [{ told: 3, ended: true }, going(20)], 0],
  ])('is %s', (_, granted, rows, tokens) => {
    expect(untoldThinking(granted, rows)).toBe(tokens);
  });
});
