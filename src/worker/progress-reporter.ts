import type { EffectiveReasoning, Progress } from '../contracts/responses/reasoning.ts';
import { thinkingTokens } from '../contracts/responses/usage.ts';
import type { JobLease } from '../core/job-queue.ts';
import type { PhaseUsage, StrategyEvent } from '../reasoning/strategy.ts';

/** Reports a response's progress to the queue, at most every `intervalMs` and at each change of phase. */
type ProgressReporter = {
  phase(event: Extract<StrategyEvent, { type: 'phase' }>): Progress;
  usage(usage: PhaseUsage): void;
  current(): Progress;
};

const intervalMs = 200;

export function createProgressReporter(options: {
  lease: JobLease;
  effective: EffectiveReasoning;
  /** What earlier attempts have used: progress never falls below it. */
  spent: PhaseUsage;
  /** The expected remaining time; null if unknown. ms */
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
  /** One report at a time; a failed report is made up for by the next one. */
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
