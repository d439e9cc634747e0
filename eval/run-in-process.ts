import { chosenChecks } from '../src/checks/chosen-checks.ts';
import type { EffectiveReasoning, Phase } from '../src/contracts/responses/reasoning.ts';
import type { TraceStep } from '../src/contracts/responses/trace.ts';
import type { EffortTable } from '../src/contracts/service/effort-table.ts';
import type { LanguageModel } from '../src/core/language-model.ts';
import type { Strategy, StrategyContext, StrategyOutcome } from '../src/reasoning/strategy.ts';
import { withCacheScope } from '../src/worker/cache-scope.ts';
import { listenForTokens } from '../src/worker/unreported-tokens.ts';

type InProcessRun = { answer: string; steps: TraceStep[]; outcome: StrategyOutcome };

/** Whether the service computes in this model's thoughts if the request does not say. */
function computesUsually({ capabilities }: LanguageModel, table: EffortTable): boolean {
  return capabilities.compute && (capabilities.computesByDefault === true || table.compute === true);
}

/** Answers one question with a strategy in this process, as the worker would, without queue and API. */
export async function runInProcess(options: {
  question: string;
  model: LanguageModel;
  strategies: ReadonlyMap<string, Strategy>;
  table: EffortTable;
  effective: Omit<EffectiveReasoning, 'answer_reserve_tokens' | 'deadline_ms' | 'compute'>;
  /** The request's checks. */
  checks?: { named: StrategyContext['checks']; only: boolean };
  /** The strategy's options. */
  options?: Record<string, unknown>;
  /** The request's temperature. Absent: it has none. */
  temperature?: number;
  seed: number;
  /** Epoch ms. */
  now(): number;
}): Promise<InProcessRun> {
  const { table, effective } = options;
  const computes = computesUsually(options.model, table);
  const strategy = options.strategies.get(effective.strategy);
  if (strategy === undefined) throw new Error(`no strategy ${effective.strategy}`);
  const never = new AbortController().signal;
  const prompt: StrategyContext['prompt'] = { messages: [{ role: 'user', content: options.question }] };
  // As in the worker: a server without token ids says nothing of the tokens of a chain that was stopped.
  let phase: Phase = 'think';
  const listening = listenForTokens(options.model, { promptTokens: 0, phase: () => phase });
  const run = strategy.run({
    // Like in the worker: a chain reuses the keys and values of its response.
    model: withCacheScope(listening.model, { prompt, keyed: false, owner: 'eval', response: options.question }),
    prompt,
    effective: {
      ...effective,
      answer_reserve_tokens: table.answer_reserve_tokens,
      deadline_ms: null,
      compute: computes ? 'on' : 'off',
    },
    table,
    checks: chosenChecks({ table, effort: effective.effort, computes }, options.checks ?? { named: [], only: false }),
    options: options.options ?? {},
    answer: { maxTokens: table.answer_reserve_tokens },
    sampling: { ...(options.temperature !== undefined && { temperature: options.temperature }), seed: options.seed },
    deterministic: false,
    signal: never,
    answerNow: never,
    now: options.now,
    finishedSteps: [],
  });
  let answer = '';
  const steps: TraceStep[] = [];
  for (let next = await run.next(); ; next = await run.next()) {
    if (next.done) return { answer, steps, outcome: { ...next.value, usage: listening.added(next.value.usage) } };
    if (next.value.type === 'phase') phase = next.value.phase;
    if (next.value.type === 'answer-delta') answer += next.value.text;
    if (next.value.type === 'step-done') steps.push(next.value.step);
  }
}
