import { z } from 'zod';
import type { Effort } from '../../src/contracts/responses/reasoning.ts';
import { responseUsage } from '../../src/contracts/responses/usage.ts';
import type { EffortLevel, EffortTable } from '../../src/contracts/service/effort-table.ts';
import type { LanguageModel } from '../../src/core/language-model.ts';
import type { Strategy } from '../../src/reasoning/strategy.ts';
import { isRight, type SetQuestion } from '../question-set.ts';
import { runInProcess } from '../run-in-process.ts';

export const LevelRun = z.object({
  right: z.boolean(),
  tokens: z.int().nonnegative(),
  source: z.string(),
  revised: z.boolean(),
});
export type LevelRun = z.infer<typeof LevelRun>;

/** Answers one question in this process, as the service would at this level. */
export async function runLevel(
  question: SetQuestion,
  options: {
    model: LanguageModel;
    strategies: ReadonlyMap<string, Strategy>;
    table: EffortTable;
    effort: Exclude<Effort, 'none' | 'minimal' | 'auto'>;
    /** The strategy's options. */
    options?: Record<string, unknown>;
    seed: number;
    now(): number;
  },
): Promise<LevelRun> {
  const { table, effort } = options;
  const level: EffortLevel = table.levels[effort];
  const { strategy, budget_tokens, samples, max_revisions } = level;
  const { answer, steps, outcome } = await runInProcess({
    ...options,
    question: question.question,
    effective: { effort, strategy, budget_tokens, samples, max_revisions },
  });
  return {
    right: await isRight(answer, question),
    tokens: responseUsage(outcome.usage).output_tokens,
    source: outcome.answerSource,
    revised: steps.some(({ phase }) => phase === 'revise'),
  };
}
