import { z } from 'zod';
import { ThinkingStop } from '../../contracts/responses/reasoning.ts';
import type { ThoughtSegment } from '../../core/language-model.ts';
import { type Budget, tokenMargins } from '../../core/token-ledger.ts';
import { deadlinePassed } from '../deadline.ts';
import { questionOf } from '../revision/check-runner.ts';
import { countShown, createRunState, requestBudget } from '../run-state.ts';
import { answerEnd, answerFast, answerLive, type LiveRun } from '../sampling/answer-live.ts';
import { candidateOf } from '../sampling/candidate.ts';
import { firstSampling } from '../sampling/draw.ts';
import { isEmptyAnswer, type Sample, segmentsOf } from '../sampling/sample.ts';
import { outcomeOf, type Strategy, type StrategyContext, type StrategyOutcome } from '../strategy.ts';
import { fastVerdict, verdictOf } from '../voting/answer-verdict.ts';

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
    const { minimum_tokens: minimum = 0 } = Options.parse(context.options ?? {});
    const state = createRunState(context);
    const budget = requestBudget(state);
    await countShown(state);
    const earlier = finishedThought(context);
    const extent = extentOf(budget, minimum);
    const warnings = earlier === undefined && extent.isTooShort ? [noRoom] : [];
    const outcome = (found: Parameters<typeof outcomeOf>[0]): StrategyOutcome =>
      outcomeOf(found, state.usage.snapshot(), warnings);
    if (earlier === undefined && deadlinePassed(context)) {
      return outcome({ thinkingStop: null, answerSource: 'draft', incomplete: 'deadline' });
    }
    if (earlier === undefined && (extent.budgetTokens === 0 || context.answerNow.aborted)) {
      const fast = yield* answerFast(state, budget);
      return outcome({ thinkingStop: null, answerSource: 'draft', ...answerEnd(fast) });
    }
    const sample = yield* answerLive(state, liveRun(context, { budget, extent, earlier }));
    if (sample === undefined) {
      const thinkingStop = earlier?.stop ?? 'natural';
      const fast = yield* answerFast(state, budget);
      return outcome({ thinkingStop, answerSource: 'draft', verdict: fastVerdict(fast, context), ...answerEnd(fast) });
    }
    return outcome({
      verdict: verdictOn(sample, context),
      thinkingStop: sample.thinkingStop ?? earlier?.stop ?? 'natural',
      answerSource: 'deliberate',
      ...answerEnd(sample),
    });
  },
};

/** How long the thought may be, in tokens. */
type Extent = {
  budgetTokens: number;
  computeTokens: number;
  /** Continuation words may be inserted until so many tokens are thought. */
  minimumTokens: number | undefined;
  /** There is no room for the continuation words that the minimum may need. */
  isTooShort: boolean;
};

function extentOf(budget: Budget, minimum: number): Extent {
  const most = budget.thinking(1);
  const withWords = budget.thinking(1, tokenMargins.continuations);
  const wanted = Math.min(minimum, most);
  const forces = wanted > 0 && wanted <= withWords;
  const budgetTokens = forces ? withWords : most;
  return {
    budgetTokens,
    computeTokens: budget.computed(budgetTokens),
    minimumTokens: forces ? wanted : undefined,
    isTooShort: wanted > 0 && !forces,
  };
}

function liveRun(
  context: StrategyContext,
  { budget, extent, earlier }: { budget: Budget; extent: Extent; earlier: FinishedThought | undefined },
): LiveRun {
  const { budgetTokens, computeTokens, minimumTokens } = extent;
  const words = minimumTokens === undefined ? 0 : tokenMargins.continuations;
  return {
    answerTokens: Math.max(1, budget.answer(1, budgetTokens + computeTokens + words)),
    sampling: firstSampling(context, { greedyPays: true }),
    thinking: {
      budgetTokens,
      ...(computeTokens > 0 && { computeTokens }),
      ...(minimumTokens === undefined ? {} : { minimumTokens }),
      ...(earlier === undefined ? {} : { prefix: earlier.segments, ended: true }),
    },
    ...(words > 0 && context.maxOutputTokens !== undefined ? { continuationTokens: words } : {}),
  };
}

function verdictOn(sample: Sample, context: StrategyContext): StrategyOutcome['verdict'] {
  if (isEmptyAnswer(sample.answer)) return null;
  const { constraint } = context.answer;
  const question = questionOf(context);
  const candidate = candidateOf(sample, { phase: 'think', question, constraint, checks: [], greedyFirst: false });
  return verdictOf(candidate, [candidate], context.table.certainty);
}

type FinishedThought = { segments: ThoughtSegment[]; stop: ThinkingStop };

/** What an earlier attempt has thought to its end: kept, and answered from. A model that can't be given a thought thinks again. */
function finishedThought({ finishedSteps, model }: StrategyContext): FinishedThought | undefined {
  const step = finishedSteps.find(({ phase, text }) => phase === 'think' && text !== null);
  if (!model.capabilities.rollback || step === undefined || step.text === null) return undefined;
  return { segments: segmentsOf(step), stop: ThinkingStop.safeParse(step.stop_reason).data ?? 'natural' };
}
