import { type Budget, reserveOf } from '../../core/token-ledger.ts';
import { chainAnswer, naturalTokens } from '../run-state.ts';
import type { StrategyEvent } from '../strategy.ts';
import { type Candidate, isWhole } from './candidate.ts';
import { greedy, sampled } from './draw.ts';
import { type Judging, runJudged } from './judged-samples.ts';
import { isEmptyAnswer } from './sample.ts';

type Thinking = Judging & { budget: Budget };

/** The fast answer, for a request that may have to end before a chain does: it stands where no chain does. */
export async function* makeDraft(thinking: Thinking): AsyncGenerator<StrategyEvent, void, void> {
  const { budget, chains, state } = thinking;
  const { context } = state;
  const answer = chainAnswer(context);
  const room = Math.min(budget.answer(1), reserveOf(answer));
  if (context.finishedSteps.some(({ phase }) => phase === 'draft') || room === 0) return;
  yield { type: 'phase', phase: 'draft', step: 1, steps: undefined };
  const drafts = yield* runJudged(thinking, {
    prompt: context.prompt,
    numbers: [0],
    phase: 'draft',
    answer: { ...answer, maxTokens: room },
    sampling: greedy(context.sampling),
    summary: 'Drafts a fast answer.',
  });
  for (const draft of drafts) if (!isEmptyAnswer(draft.answer)) chains.standing.set(null, draft);
}

/**
 * Chains of thought of the request's own prompt, each as long as it comes to be within what is left of the budget. Chains
 * that the budget can't carry whole are left out, apart from the first. Gives the numbers of those that were run.
 */
export async function* think(
  thinking: Thinking,
  wave: {
    numbers: readonly number[];
    /** True once what has been found so far is enough: the wave's other chains are stopped. */
    enough(found: readonly Candidate[]): boolean;
  },
): AsyncGenerator<StrategyEvent, readonly number[], void> {
  const { budget, chains, state } = thinking;
  const { context } = state;
  const answer = chainAnswer(context);
  const natural = naturalTokens(context);
  const reserve = reserveOf(answer);
  let rows = wave.numbers.length;
  while (rows > 1 && (budget.thinking(rows) < rows * natural || budget.answer(rows) < reserve)) rows -= 1;
  const numbers = wave.numbers.slice(0, rows);
  const budgetTokens = budget.thinking(rows);
  const computed = budget.computed(Math.ceil(budgetTokens / rows));
  // Once there is an answer to vote on, further ones only vote: one that is longer than the reserve has no vote.
  const votes = [...chains.standing.values()].some(
    (one) => one.sample !== null && one.value !== undefined && isWhole(one),
  );
  const most = votes ? context.effective.answer_reserve_tokens : Number.POSITIVE_INFINITY;
  const maxTokens = Math.max(1, Math.min(most, budget.answer(rows, budgetTokens + rows * computed)));
  const first = numbers[0] ?? 0;
  const isGreedy = chains.greedyFirst && first === 0;
  yield { type: 'phase', phase: 'think', step: first + 1, steps: context.effective.samples };
  const found = yield* runJudged(
    thinking,
    {
      prompt: context.prompt,
      numbers,
      phase: 'think',
      thinking: { budgetTokens, ...(computed > 0 && { computeTokens: computed }) },
      answer: { ...answer, maxTokens },
      sampling: isGreedy ? greedy(context.sampling) : sampled(context, first),
      summary: isGreedy ? 'Thinks in one greedy chain.' : 'Thinks in a sampled chain.',
    },
    wave.enough,
  );
  for (const candidate of found) if (!isEmptyAnswer(candidate.answer)) chains.standing.set(candidate.sample, candidate);
  return numbers;
}
