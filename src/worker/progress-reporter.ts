import type { EffectiveReasoning, Progress } from '../contracts/responses/reasoning.ts';
import { thinkingTokens } from '../contracts/responses/usage.ts';
import type { JobLease } from '../core/job-queue.ts';
import type { PhaseUsage, StrategyEvent } from '../reasoning/strategy.ts';

/** Tells the queue how far a response is, at most every `intervalMs` and at each change of phase. */
type ProgressReporter = {
  phase(event: Extract<StrategyEvent, { type: 'phase' }>): Progress;
  usage(usage: PhaseUsage): void;
  current(): Progress;
};

const intervalMs = 200;

export function createProgressReporter(options: {
  lease: JobLease;
  effective: EffectiveReasoning;
  /** What earlier attempts have used: progress never falls back behind it. */
  spent: PhaseUsage;
  /** Ms that the response is likely to still take; null if unknown. */
  timeLeft(): number | null;
  now(): number;
}): ProgressReporter {
  const { lease, effective, spent, timeLeft, now } = options;
  let current: Progress = {
    phase: 'queued',
    step: 0,
    steps: null,
    thinking_tokens: thinkingTokens(spent),
    budget_tokens: effective.budget_tokens,
    queue_position: null,
    eta_ms: timeLeft(),
  };
  let reportedAt = 0;
  let reporting = false;
  /** Progress is a courtesy: one report at a time, and one that fails is made good by the next. */
  const report = (): void => {
    if (reporting) return;
    reporting = true;
    reportedAt = now();
    lease
      .progress(current)
      .catch(() => {})
      .finally(() => {
        reporting = false;
      });
  };
  return {
    phase({ phase, step, steps }) {
      current = { ...current, phase, step, steps: steps ?? null, eta_ms: timeLeft() };
      report();
      return current;
    },
    usage(usage) {
      const thinking_tokens = Math.max(current.thinking_tokens, thinkingTokens(usage));
      current = { ...current, thinking_tokens, eta_ms: timeLeft() };
      if (now() - reportedAt >= intervalMs) report();
    },
    current: () => current,
  };
}
