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
  // A signal of its own: on a shared one, Node would take more than ten listeners for a leak and warn.
  const asked = AbortSignal.any(answerNow === undefined ? [usedUp] : [answerNow, usedUp]);
  const onAsked = () => stop(answerNow?.aborted ? 'user' : 'budget');
  let cancelTimer: (() => void) | undefined;
  function release() {
    asked.removeEventListener('abort', onAsked);
    cancelTimer?.();
  }
  asked.addEventListener('abort', onAsked, { once: true });
  if (deadlineAt !== undefined)
    cancelTimer = clock.after(Math.max(0, deadlineAt - clock.now()), () => stop('deadline'));
  if (asked.aborted) onAsked();
  else if (deadlineAt !== undefined && deadlineAt <= clock.now()) stop('deadline');
  return {
    signal: AbortSignal.any([options.signal, controller.signal]),
    stopped: () => reason,
    stop,
    release,
  };
}
