import { z } from 'zod';
import type { EffortLevel, EffortTable } from '../../src/contracts/effort-table.ts';
import type { Effort } from '../../src/contracts/reasoning.ts';
import type { LanguageModel } from '../../src/models/language-model.ts';
import type { Strategy, StrategyContext } from '../../src/reasoning/strategy.ts';
import type { Question } from '../generator/question.ts';
import { scoreAnswer } from '../score-answer.ts';

export const LevelRun = z.object({
  right: z.boolean(),
  tokens: z.int().nonnegative(),
  source: z.string(),
  revised: z.boolean(),
});
export type LevelRun = z.infer<typeof LevelRun>;

/** Answers one question as the service would at this level, in this process. */
export async function runLevel(
  question: Question,
  options: {
    model: LanguageModel;
    strategies: ReadonlyMap<string, Strategy>;
    table: EffortTable;
    effort: Exclude<Effort, 'none' | 'minimal'>;
    /** Of the strategy's own. */
    options?: Record<string, unknown>;
    seed: number;
    now(): number;
  },
): Promise<LevelRun> {
  const { model, table, effort } = options;
  const level: EffortLevel = table.levels[effort];
  const strategy = options.strategies.get(level.strategy);
  if (strategy === undefined) throw new Error(`no strategy ${level.strategy}`);
  const never = new AbortController().signal;
  const context: StrategyContext = {
    model,
    prompt: { messages: [{ role: 'user', content: question.question }] },
    effective: {
      effort,
      strategy: level.strategy,
      budget_tokens: level.budget_tokens,
      answer_reserve_tokens: table.answer_reserve_tokens,
      samples: level.samples,
      max_revisions: level.max_revisions,
      deadline_ms: null,
    },
    table,
    checks: level.checks,
    options: options.options ?? {},
    answer: { maxTokens: table.answer_reserve_tokens },
    sampling: { temperature: level.samples > 1 ? table.temperature : 0, seed: options.seed },
    deterministic: false,
    signal: never,
    answerNow: never,
    now: options.now,
    finishedSteps: [],
  };
  let answer = '';
  let revised = false;
  const run = strategy.run(context);
  for (let next = await run.next(); ; next = await run.next()) {
    if (next.done) {
      const { input: _, cached: __, ...phases } = next.value.usage;
      const tokens = Object.values(phases).reduce((sum, count) => sum + count, 0);
      const right = scoreAnswer(answer, question.question, question.answer);
      return { right, tokens, source: next.value.answerSource, revised };
    }
    if (next.value.type === 'answer-delta') answer += next.value.text;
    if (next.value.type === 'step-done' && next.value.step.phase === 'revise') revised = true;
  }
}
