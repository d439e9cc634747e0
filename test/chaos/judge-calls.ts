import type { ModelCall } from './chaos-model.ts';

/** While Redis was away: epoch ms. */
export type Outage = { from: number; to: number };

/** Calls whose results no log holds, though the process lived that made them. */
type UnkeptCalls = {
  /** Of how many calls of the process. */
  of: number;
  thoughtAgain: readonly ModelCall[];
  /** What was finished and could not be written, since the backend was away for longer than a lock surely holds. */
  lostWithBackend: readonly ModelCall[];
};

/** The lock's 10 s, less what may have passed since its last renewal. ms */
const lockHoldsMs = 5_000;
/** A call may have begun before the outage; and what is lost may be learned a moment after it. ms */
const callMs = 10_000;
const learnsMs = 2_000;

/**
 * Of each process that ran the response, its last two calls may have no kept result (the one that it died in, and the one
 * whose result was on its way to the log). A paused worker may come back to its own job.
 */
export function unkeptCalls(options: {
  calls: readonly ModelCall[];
  isKept(call: ModelCall): boolean;
  /** Process ids of workers that were paused, once for each pause. */
  pauses: readonly number[];
  outages: readonly Outage[];
}): UnkeptCalls[] {
  const { calls, isKept, pauses, outages } = options;
  const attempts: ModelCall[][] = [];
  for (const call of calls) {
    const last = attempts.at(-1);
    if (last?.[0]?.inference === call.inference) last.push(call);
    else attempts.push([call]);
  }
  const tooLong = outages.filter(({ from, to }) => to - from > lockHoldsMs);
  const isLost = ({ at }: ModelCall) => tooLong.some(({ from, to }) => at > from - callMs && at < to + learnsMs);
  return attempts.flatMap((own) => {
    const lives = 1 + pauses.filter((pid) => pid === own[0]?.worker).length;
    const unkept = own.filter((call) => !isKept(call));
    const finished = unkept.filter((call) => own.indexOf(call) < own.length - 2);
    const lostWithBackend = finished.filter(isLost);
    const others = finished.length - lostWithBackend.length;
    const isFault = unkept.length - lostWithBackend.length > 2 * lives || others > 2 * (lives - 1);
    const thoughtAgain = isFault ? finished.filter((call) => !isLost(call)) : [];
    return thoughtAgain.length + lostWithBackend.length > 0 ? [{ of: own.length, thoughtAgain, lostWithBackend }] : [];
  });
}
