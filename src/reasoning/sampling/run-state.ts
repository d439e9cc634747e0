import { createUsageTotals } from '../phase-usage.ts';
import type { StrategyContext } from '../strategy.ts';
import { createTraceRecorder } from '../trace-recorder.ts';
import { type RunState, usagePhase } from './run-samples.ts';

/** Begins a run: an earlier attempt's finished steps are on its trace, and their tokens in its totals. */
export function createRunState(context: StrategyContext): RunState {
  const usage = createUsageTotals();
  for (const step of context.finishedSteps) {
    if (step.usage === undefined) continue;
    const phase = step.phase;
    if (usage.snapshot().input === 0) {
      usage.add('input', step.usage.input ?? 0);
      usage.add('cached', step.usage.cached ?? 0);
    }
    if (phase === 'answer') {
      usage.add('discarded', step.usage.answer);
    } else if (phase === 'draft' || phase === 'think' || phase === 'revise') {
      for (const kind of ['thinking', 'forced', 'answer'] as const)
        usage.add(usagePhase(phase, kind), step.usage[kind]);
    }
  }
  return { context, usage, trace: createTraceRecorder({ now: context.now, finished: context.finishedSteps }) };
}
