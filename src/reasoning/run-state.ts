import type { AnswerRequest } from '../core/language-model.ts';
import { createUsageTotals, type UsageTotals, usageField } from '../core/token-counts.ts';
import { type Budget, createBudget } from '../core/token-ledger.ts';
import { openCalls } from './sampling/call-steps.ts';
import type { StrategyContext } from './strategy.ts';
import { createTraceRecorder, type TraceRecorder } from './trace-recorder.ts';

/** Begins a run: an earlier attempt's finished steps are on its trace; their tokens, and those that it lost, are in its totals. */
export function createRunState(context: StrategyContext): RunState {
  const usage = createUsageTotals(context.lost);
  for (const step of context.finishedSteps) {
    if (step.usage === undefined) continue;
    const phase = step.phase;
    usage.addPrompt({ inputTokens: step.usage.input ?? 0, cachedTokens: step.usage.cached ?? 0 });
    if (phase === 'answer' && context.answer.prefix !== undefined && step.answer_text?.trim()) {
      // Its tokens are those of the text that was shown (`countShown`).
    } else if (phase === 'answer' || phase === 'vote') {
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

/**
 * Counts what an earlier attempt has shown of the answer that is now continued: it is part of this answer, and
 * `max_output_tokens` bounds all of it.
 */
export async function countShown({ context, usage }: Pick<RunState, 'context' | 'usage'>): Promise<void> {
  const shown = (context.answer.prefix ?? []).map(({ text }) => text).join('');
  if (shown === '') return;
  const tokens = await tokensOfText(context, shown);
  usage.add('answer', Math.max(0, tokens - usage.snapshot().answer));
}

/**
 * Tokens of a text by the model's own count. It is counted behind an `a`, so that its first line feed does not join what the
 * template writes before it; a text that begins with no space stands on a line of its own, so that its first word joins nothing.
 */
export async function tokensOfText({ model }: Pick<StrategyContext, 'model'>, text: string): Promise<number> {
  const countOf = (content: string): Promise<number> =>
    model.countTokens({ messages: [{ role: 'user', content }] }, { thinking: true });
  const lead = /^\s/.test(text) ? 'a' : 'a\n';
  return Math.max(0, (await countOf(`${lead}${text}`)) - (await countOf(lead)));
}

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
