import type { ThinkingStop } from '../../../contracts/responses/reasoning.ts';
import type { Clock } from '../client/clock.ts';

/** Ends a thought from outside: the caller wants the answer now, the deadline has come, another sample used up the budget. */
export type StopWatch = {
  /** Aborts the running request when thinking has to end, and when the caller goes away. */
  signal: AbortSignal;
  stopped(): ThinkingStop | undefined;
  stop(reason: ThinkingStop): void;
  /** The thought has ended: from here on only the caller's signal counts. */
  release(): void;
};

export function createStopWatch(options: {
  signal: AbortSignal;
  answerNow: AbortSignal | undefined;
  usedUp: AbortSignal;
  deadlineAt: number | undefined;
  clock: Clock;
}): StopWatch {
  const { answerNow, usedUp, deadlineAt, clock } = options;
  const controller = new AbortController();
  let reason: ThinkingStop | undefined;
  const stop = (why: ThinkingStop) => {
    if (reason !== undefined) return;
    reason = why;
    release();
    controller.abort(new Error(`thinking ends: ${why}`));
  };
  const onAnswerNow = () => stop('user');
  const onUsedUp = () => stop('budget');
  let cancelTimer: (() => void) | undefined;
  function release() {
    answerNow?.removeEventListener('abort', onAnswerNow);
    usedUp.removeEventListener('abort', onUsedUp);
    cancelTimer?.();
  }
  answerNow?.addEventListener('abort', onAnswerNow, { once: true });
  usedUp.addEventListener('abort', onUsedUp, { once: true });
  if (deadlineAt !== undefined)
    cancelTimer = clock.after(Math.max(0, deadlineAt - clock.now()), () => stop('deadline'));
  if (answerNow?.aborted) stop('user');
  else if (usedUp.aborted) stop('budget');
  else if (deadlineAt !== undefined && deadlineAt <= clock.now()) stop('deadline');
  return {
    signal: AbortSignal.any([options.signal, controller.signal]),
    stopped: () => reason,
    stop,
    release,
  };
}
