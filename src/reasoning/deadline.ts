import type { RunState } from './run-state.ts';
import type { StrategyContext } from './strategy.ts';

type Timed = Pick<StrategyContext, 'deadlineAt' | 'deadline' | 'now'>;

/** True once a request's time is over, that of its answer included. */
export function deadlinePassed({ deadlineAt, deadline, now }: Timed): boolean {
  return deadline?.aborted === true || (deadlineAt !== undefined && now() >= deadlineAt);
}

/** Why nothing more may be started; undefined if it may. */
export function mustStop(context: Timed & Pick<StrategyContext, 'answerNow'>): 'user' | 'deadline' | undefined {
  if (context.answerNow.aborted) return 'user';
  return deadlinePassed(context) ? 'deadline' : undefined;
}

/** When a thought that starts now has to end, judging by the time of the draft. Epoch ms; undefined without a deadline. */
export function thinkUntil({ context, trace }: Pick<RunState, 'context' | 'trace'>): number | undefined {
  const draft = trace.steps().find(({ phase }) => phase === 'draft');
  return thinkingDeadline(context, draft?.duration_ms);
}

/** The answer's share of the time that is left: `unknown` if no answer was timed yet, else `most` at most. */
const answerShare = { unknown: 1 / 4, most: 1 / 2 };
/** An answer after a thought may take longer than a draft, because the stop-thinking sentence comes before it. */
const answerSlack = 1.5;

/**
 * When thinking has to end so that an answer still fits before the deadline. Epoch ms; undefined without a deadline.
 * `answerMs`: what an answer to this request took, prompt included.
 */
export function thinkingDeadline({ deadlineAt, now }: Timed, answerMs: number | undefined): number | undefined {
  if (deadlineAt === undefined) return undefined;
  const left = Math.max(0, deadlineAt - now());
  const kept =
    answerMs === undefined ? left * answerShare.unknown : Math.min(left * answerShare.most, answerMs * answerSlack);
  return deadlineAt - kept;
}
