import { z } from 'zod';
import { ThinkingStop } from '../../contracts/responses/reasoning.ts';
import type { ThoughtSegment } from '../../core/language-model.ts';
import { createBudget, tokenMargins } from '../../core/token-ledger.ts';
import { deadlinePassed } from '../deadline.ts';
import { computes, firstSampling } from '../deliberation.ts';
import { questionOf } from '../revision/check-runner.ts';
import { answerEnd, answerFast, answerLive } from '../sampling/answer-live.ts';
import { candidateOf } from '../sampling/candidate.ts';
import { createRunState } from '../sampling/run-samples.ts';
import { isEmptyAnswer, segmentsOf } from '../sampling/sample.ts';
import { outcomeOf, type Strategy, type StrategyContext, type StrategyOutcome } from '../strategy.ts';
import { unthoughtVerdict, verdictOf } from '../voting/answer-verdict.ts';

const Options = z.object({
  minimum_tokens: z
    .int()
    .nonnegative()
    .optional()
    .describe('Tokens to think at least: an earlier end is replaced by the family’s continuation word.'),
});

const noRoom = {
  field: 'reasoning.options.minimum_tokens',
  message: 'max_output_tokens is too small for minimum_tokens; thinking may end earlier.',
};

/** One chain of thought, capped at the budget or extended to a minimum (arXiv 2501.19393), then the answer. */
export const budgetForcing: Strategy = {
  name: 'budget-forcing',
  description: 'One chain of thought, capped at the budget or extended to a minimum, then the answer.',
  options: Options,
  async *run(context) {
    const options = Options.parse(context.options ?? {});
    const state = createRunState(context);
    const budget = createBudget({
      budgetTokens: context.effective.budget_tokens,
      answer: context.answer,
      maxOutputTokens: context.maxOutputTokens,
      compute: computes(context),
      usage: state.usage,
    });
    const earlier = finishedThought(context);
    const minimumTokens = Math.min(options.minimum_tokens ?? 0, budget.thinking(1));
    const withWords = budget.thinking(1, tokenMargins.continuations);
    const forces = minimumTokens > 0 && minimumTokens <= withWords;
    const budgetTokens = forces ? withWords : budget.thinking(1);
    const computeTokens = budget.computed(budgetTokens);
    const unforced = earlier === undefined && minimumTokens > 0 && !forces;
    const outcome = (found: Parameters<typeof outcomeOf>[0]): StrategyOutcome =>
      outcomeOf(found, state.usage.snapshot(), unforced ? [noRoom] : []);
    if (earlier === undefined && deadlinePassed(context)) {
      return outcome({ thinkingStop: null, answerSource: 'draft', incomplete: 'deadline' });
    }
    if (earlier === undefined && (budgetTokens === 0 || context.answerNow.aborted)) {
      const fast = yield* answerFast(state, budget);
      return outcome({ thinkingStop: null, answerSource: 'draft', ...answerEnd(fast) });
    }
    const sample = yield* answerLive(state, {
      answerTokens: Math.max(
        1,
        budget.answer(1, budgetTokens + computeTokens + (forces ? tokenMargins.continuations : 0)),
      ),
      sampling: firstSampling(context, { greedyPays: true }),
      thinking: {
        budgetTokens,
        ...(computeTokens > 0 && { computeTokens }),
        ...(forces ? { minimumTokens } : {}),
        ...(earlier === undefined ? {} : { prefix: earlier.segments, ended: true }),
      },
      ...(forces && context.maxOutputTokens !== undefined ? { continuationTokens: tokenMargins.continuations } : {}),
    });
    if (sample === undefined) {
      const fast = yield* answerFast(state, budget);
      return outcome({
        thinkingStop: earlier?.stop ?? 'natural',
        answerSource: 'draft',
        verdict: unthoughtVerdict,
        ...answerEnd(fast),
      });
    }
    const { constraint } = context.answer;
    const candidate = candidateOf(sample, {
      phase: 'think',
      question: questionOf(context),
      constraint,
      checks: [],
      greedyFirst: false,
    });
    return outcome({
      verdict: isEmptyAnswer(sample.answer) ? null : verdictOf(candidate, [candidate], context.table.certainty),
      thinkingStop: sample.thinkingStop ?? earlier?.stop ?? 'natural',
      answerSource: 'deliberate',
      ...answerEnd(sample),
    });
  },
};

/** What an earlier attempt has thought to its end: kept, and answered from. A model that can't be given a thought thinks again. */
function finishedThought({
  finishedSteps,
  model,
}: StrategyContext): { segments: ThoughtSegment[]; stop: ThinkingStop } | undefined {
  const step = finishedSteps.find(({ phase, text }) => phase === 'think' && text !== null);
  if (!model.capabilities.rollback || step === undefined || step.text === null) return undefined;
  return { segments: segmentsOf(step), stop: ThinkingStop.safeParse(step.stop_reason).data ?? 'natural' };
}
