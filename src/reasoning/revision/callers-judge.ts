import { checks } from '../../checks/index.ts';
import type { CheckOutcome } from '../../checks/run-checks.ts';
import { readValue } from '../sampling/candidate.ts';
import type { Strategy, StrategyContext } from '../strategy.ts';
import { createCheckRunner } from './check-runner.ts';

/**
 * What the checks that the caller has named say of a whole answer that came without a thought; the slow ones are asked only
 * if no other found it wrong. Undefined where none was named, or the strategy runs none.
 */
export function callersJudge(
  { checking }: Pick<Strategy, 'checking'>,
  context: StrategyContext,
): ((text: string) => Promise<CheckOutcome[]>) | undefined {
  const wanted = context.checks.filter(({ type }) => isCallers(type));
  if (checking === undefined || wanted.length === 0) return undefined;
  const { question, fast, slow } = createCheckRunner(context, checking, wanted);
  return async (text) => {
    const answer = { text, logprobs: [], toolCalls: [] };
    const { constraint } = context.answer;
    const judged = { thought: '', answer, value: readValue(answer, { question, constraint }) };
    const found = await fast(judged);
    if (slow === undefined || found.some(({ verdict }) => verdict === 'fail')) return found;
    return [...found, ...(await slow(judged)).checks];
  };
}

/** The standard checks run without being named, and the model's own verdict where its table says that it pays. */
function isCallers(type: string): boolean {
  const check = checks.get(type);
  return check !== undefined && check.standard === undefined && (check.confirms === true || check.slow !== true);
}
