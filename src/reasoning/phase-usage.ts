import type { ThinkingStop } from '../contracts/responses/reasoning.ts';
import { emptyUsage, thinkingTokens } from '../contracts/responses/usage.ts';
import type { PhaseUsage, StrategyOutcome } from './strategy.ts';

export type UsagePhase = keyof PhaseUsage;

/** Running totals of one request, in tokens. */
export type UsageTotals = {
  add(phase: UsagePhase, tokens: number): void;
  /** A chosen answer leaves `discarded` or `draft` for `answer`, so that it is counted once. */
  move(from: UsagePhase, to: UsagePhase, tokens: number): void;
  /** Thinking that a stopped run may have done without telling: not counted as decoded, and never granted again. */
  withhold(tokens: number): void;
  withheld(): number;
  snapshot(): PhaseUsage;
};

export function createUsageTotals(): UsageTotals {
  const totals = emptyUsage();
  let withheld = 0;
  return {
    add(phase, tokens) {
      totals[phase] = (totals[phase] ?? 0) + tokens;
    },
    move(from, to, tokens) {
      totals[from] = (totals[from] ?? 0) - tokens;
      totals[to] = (totals[to] ?? 0) + tokens;
    },
    withhold(tokens) {
      withheld += tokens;
    },
    withheld: () => withheld,
    snapshot: () => ({ ...totals }),
  };
}

/** An outcome with what was used; without a verdict where it turns out that nothing was thought. */
export function outcomeOf(
  { verdict = null, ...found }: Omit<StrategyOutcome, 'usage' | 'warnings' | 'verdict'> & Partial<StrategyOutcome>,
  usage: PhaseUsage,
  warnings: StrategyOutcome['warnings'],
): StrategyOutcome {
  const thinkingStop = stopOfThinking(found.thinkingStop, usage);
  return { ...found, thinkingStop, verdict: thinkingStop === null ? null : verdict, usage, warnings };
}

/** Why thinking ended; null where it was stopped before its first token. */
function stopOfThinking(stop: ThinkingStop | null, usage: PhaseUsage): ThinkingStop | null {
  return stop === 'natural' || thinkingTokens(usage) > 0 ? stop : null;
}

/** Tokens that `max_output_tokens` bounds: everything decoded or fed. */
export function outputTokens(usage: PhaseUsage): number {
  return thinkingTokens(usage) + usage.draft + usage.forced + usage.discarded + usage.answer;
}
