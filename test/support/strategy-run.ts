import { join } from 'node:path';
import { outputTokens, thinkingTokens } from '../../src/contracts/responses/usage.ts';
import type { EffortTable } from '../../src/contracts/service/effort-table.ts';
import { loadPrompts } from '../../src/reasoning/prompts.ts';
import { decidingFirst } from '../../src/reasoning/strategies/auto.ts';
import { createStrategies } from '../../src/reasoning/strategies/index.ts';
import type {
  StrategyContext,
  StrategyDependencies,
  StrategyEvent,
  StrategyOutcome,
} from '../../src/reasoning/strategy.ts';

export const prompts = loadPrompts(join(import.meta.dirname, '../../prompts'));

const level = {
  strategy: 'deliberate',
  budget_tokens: 400,
  samples: 8,
  agree: 3,
  wave: 2,
  max_revisions: 2,
  checks: [{ type: 'arithmetic' }, { type: 'agreement' }],
};

export const table: EffortTable = {
  model: 'scripted',
  calibrated: null,
  natural_tokens: 48,
  temperature: 0.8,
  own_sampling: false,
  greedy_first: true,
  compare: false,
  confident: null,
  certainty: null,
  auto: null,
  answer_reserve_tokens: 32,
  levels: { low: level, medium: level, high: level, xhigh: level, max: level },
};

export type ContextPatch = Omit<Partial<StrategyContext>, 'effective'> &
  Pick<StrategyContext, 'model'> & { effective?: Partial<StrategyContext['effective']>; question?: string };

/** @public The example of docs/strategies.md imports it. */
export function context({ question = 'What is 2 + 2?', effective, ...patch }: ContextPatch): StrategyContext {
  return {
    prompt: { messages: [{ role: 'user', content: question }] },
    effective: {
      effort: 'high',
      strategy: 'deliberate',
      budget_tokens: 400,
      answer_reserve_tokens: 32,
      samples: 8,
      max_revisions: 2,
      deadline_ms: null,
      ...effective,
    },
    table,
    checks: level.checks,
    answer: { maxTokens: 32 },
    sampling: { seed: 1 },
    deterministic: true,
    signal: new AbortController().signal,
    answerNow: new AbortController().signal,
    now: () => 1000,
    finishedSteps: [],
    ...patch,
  };
}

export type RunResult = {
  events: StrategyEvent[];
  outcome: StrategyOutcome;
  answer: string;
  steps: Array<Extract<StrategyEvent, { type: 'step-done' }>['step']>;
  thinking: number;
  output: number;
};

/**
 * Runs a strategy (`auto deliberate`: the one that `auto` thinks with) to its end and collects what a client would have
 * seen.
 */
export async function runStrategy(
  name: string,
  given: ContextPatch,
  dependencies: Partial<StrategyDependencies> = {},
): Promise<RunResult> {
  const strategies = createStrategies({ prompts, ...dependencies });
  const named = strategies.get(name.replace(/^auto /, ''));
  if (named === undefined) throw new Error(`no strategy ${name}`);
  const strategy = name.startsWith('auto ') ? decidingFirst(named) : named;
  const events: StrategyEvent[] = [];
  const iteration = strategy.run(context(given));
  for (;;) {
    const next = await iteration.next();
    if (!next.done) {
      events.push(next.value);
      continue;
    }
    const usage = next.value.usage;
    return {
      events,
      outcome: next.value,
      answer: events.map((event) => (event.type === 'answer-delta' ? event.text : '')).join(''),
      steps: events.flatMap((event) => (event.type === 'step-done' ? [event.step] : [])),
      thinking: thinkingTokens(usage),
      output: outputTokens(usage),
    };
  }
}
