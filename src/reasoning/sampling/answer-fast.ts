import { ServiceError } from '../../contracts/service/service-error.ts';
import type { Budget } from '../budget.ts';
import type { StrategyEvent } from '../strategy.ts';
import { answerLive } from './answer-live.ts';
import type { RunState } from './run-samples.ts';
import type { Sample } from './sample.ts';

/** A second try is sampled even where the first was greedy: the same greedy path would be empty again. */
const secondTryTemperature = 0.7;

/**
 * Answers without thinking, live. An answer without visible text is tried once more.
 * @throws ServiceError `server_error` when both came out empty
 */
export async function* answerFast(state: RunState, budget: Budget): AsyncGenerator<StrategyEvent, Sample, void> {
  const { sampling } = state.context;
  // Without a wish a fast answer is greedy: it is not compared with any other.
  const fast = { ...sampling, temperature: sampling.temperature ?? 0 };
  const first = yield* answerLive(state, { answerTokens: Math.max(1, budget.answer(1)), sampling: fast });
  if (first !== undefined) return first;
  const room = budget.answer(1);
  if (room > 0) {
    const temperature = Math.max(fast.temperature, secondTryTemperature);
    const seed = sampling.seed === undefined ? {} : { seed: sampling.seed + 1 };
    const second = yield* answerLive(state, { answerTokens: room, sampling: { ...sampling, ...seed, temperature } });
    if (second !== undefined) return second;
  }
  throw new ServiceError({
    code: 'server_error',
    message: 'The model gave no answer to this input.',
    retryable: false,
  });
}
