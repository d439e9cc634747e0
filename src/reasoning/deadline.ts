import type { StrategyContext } from './strategy.ts';

type Timed = Pick<StrategyContext, 'deadlineAt' | 'deadline' | 'now'>;

/** True once a request's time is over, that of its answer included. */
export function deadlinePassed({ deadlineAt, deadline, now }: Timed): boolean {
  return deadline?.aborted === true || (deadlineAt !== undefined && now() >= deadlineAt);
}

/** Of what is left, where no answer was timed yet; and at most, where one was. */
const answerShare = { unknown: 1 / 4, most: 1 / 2 };
/** An answer behind a thought may take longer than a draft: the hand-over comes before it. */
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
