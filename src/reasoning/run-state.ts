import type { AnswerRequest } from '../core/language-model.ts';
import { createUsageTotals, type UsageTotals, usageField } from '../core/token-counts.ts';
import { type Budget, createBudget } from '../core/token-ledger.ts';
import { openCalls } from './sampling/call-steps.ts';
import type { StrategyContext } from './strategy.ts';
import { createTraceRecorder, type TraceRecorder } from './trace-recorder.ts';

/** Begins a run: an earlier attempt's finished steps are on its trace, and their tokens in its totals. */
export function createRunState(context: StrategyContext): RunState {
  const usage = createUsageTotals();
  for (const step of context.finishedSteps) {
    if (step.usage === undefined) continue;
    const phase = step.phase;
    usage.addPrompt({ inputTokens: step.usage.input ?? 0, cachedTokens: step.usage.cached ?? 0 });
    if (phase === 'answer' || phase === 'vote') {
      usage.add('discarded', step.usage.answer);
    } else if (phase === 'draft' || phase === 'think' || phase === 'revise') {
      for (const kind of ['thinking', 'forced', 'answer'] as const)
        usage.add(usageField(phase, kind), step.usage[kind]);
    }
  }
  for (const { call, usage: spent } of openCalls(context)) {
    if (call === undefined || call.of === 'request' || spent === undefined) continue;
    for (const kind of ['thinking', 'forced', 'answer'] as const) {
      const phase = call.of === 'answer' ? (kind === 'thinking' ? 'think' : kind) : usageField(call.of, kind);
      usage.add(phase, spent[kind]);
    }
  }
  return { context, usage, trace: createTraceRecorder({ now: context.now, finished: context.finishedSteps }) };
}

/** What every run of one request shares. */
export type RunState = { context: StrategyContext; usage: UsageTotals; trace: TraceRecorder };

/** What is left of a request's tokens while it runs. */
export function requestBudget({ context, usage }: Pick<RunState, 'context' | 'usage'>): Budget {
  return createBudget({
    budgetTokens: context.effective.budget_tokens,
    answer: context.answer,
    maxOutputTokens: context.maxOutputTokens,
    compute: computes(context),
    usage,
  });
}

/** Values are computed in the thoughts of this request. */
export function computes({ effective, model }: Pick<StrategyContext, 'effective' | 'model'>): boolean {
  return effective.compute === 'on' && model.capabilities.compute;
}

/** Thinking tokens that a chain needs: nearly all end within so many. */
export function naturalTokens({ effective, table }: Pick<StrategyContext, 'effective' | 'table'>): number {
  return effective.natural_tokens ?? table.natural_tokens;
}

/** The answer of a chain: what an earlier attempt had shown is not forced on it. */
export function chainAnswer({ answer }: Pick<StrategyContext, 'answer'>): AnswerRequest {
  const { prefix: _shown, ...own } = answer;
  return own;
}

/** Aborts a run that is cancelled, whose time is over, or, where it may be, that is settled. */
export function runSignal(
  { signal, deadline }: Pick<StrategyContext, 'signal' | 'deadline'>,
  settled?: AbortSignal,
): AbortSignal {
  return AbortSignal.any([signal, deadline, settled].filter((one) => one !== undefined));
}
