import { z } from 'zod';
import { answerEnd } from '../answer-end.ts';
import { answerFast } from '../answer-fast.ts';
import { createBudget, deadlinePassed } from '../budget.ts';
import { createRunState } from '../run-state.ts';
import type { Strategy } from '../strategy.ts';

/** The fast answer: no thought at all. */
export const direct: Strategy = {
  name: 'direct',
  description: 'Answers at once, without thinking.',
  options: z.object({}),
  async *run(context) {
    const state = createRunState(context);
    const budget = createBudget({
      budgetTokens: 0,
      answer: context.answer,
      maxOutputTokens: context.maxOutputTokens,
      compute: false,
      usage: state.usage,
    });
    const nothing = { thinkingStop: null, answerSource: 'draft', verdict: null, warnings: [] } as const;
    if (deadlinePassed(context)) return { ...nothing, incomplete: 'deadline', usage: state.usage.snapshot() };
    const sample = yield* answerFast(state, budget);
    return { ...nothing, ...answerEnd(sample), usage: state.usage.snapshot() };
  },
};
