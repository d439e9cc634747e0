import { z } from 'zod';
import { createBudget } from '../../core/token-ledger.ts';
import { deadlinePassed } from '../deadline.ts';
import { createRunState } from '../run-state.ts';
import { answerEnd, answerFast } from '../sampling/answer-live.ts';
import type { Strategy, StrategyContext, StrategyEvent, StrategyOutcome } from '../strategy.ts';

/** The fast answer: no thought at all. */
export const direct: Strategy = {
  name: 'direct',
  description: 'Answers at once, without thinking.',
  options: z.object({}),
  async *run(context) {
    if (!deadlinePassed(context)) return yield* answerAtOnce(context);
    return { ...nothing, incomplete: 'deadline', usage: createRunState(context).usage.snapshot() };
  },
};

const nothing = { thinkingStop: null, answerSource: 'draft', verdict: null, warnings: [] } as const;

/** The fast answer, whatever the time. */
export async function* answerAtOnce(context: StrategyContext): AsyncGenerator<StrategyEvent, StrategyOutcome, void> {
  const state = createRunState(context);
  const budget = createBudget({
    budgetTokens: 0,
    answer: context.answer,
    maxOutputTokens: context.maxOutputTokens,
    compute: false,
    usage: state.usage,
  });
  const sample = yield* answerFast(state, budget);
  return { ...nothing, ...answerEnd(sample), usage: state.usage.snapshot() };
}
