import type { CheckResult } from '../contracts/responses/trace.ts';
import { late, orLate } from '../core/deadlines.ts';
import { abstain, type Check, type CheckInput, type CheckServices, type Finding } from './check.ts';
import { checks } from './index.ts';
import { isReadable } from './readable.ts';

/** A check's result with what the roll back needs of it. */
export type CheckOutcome = CheckResult &
  Pick<Finding, 'line' | 'wrong' | 'quoting' | 'repair' | 'held'> & { confirms: boolean; slow: boolean };

export type NamedCheck = { type: string; [option: string]: unknown };

/** ms that one check may take; a slow one asks a model or the caller's server. */
const checkTimeLimits = { fast: 1_000, slow: 20_000 };

/**
 * Runs checks by name, `slow` ones or the others, each within a time limit. A check that is unknown, throws, or hangs
 * abstains: a failing checker never fails the request. Throws only the reason of `signal`.
 */
export async function runChecks(
  named: readonly NamedCheck[],
  input: CheckInput,
  options: {
    slow: boolean;
    services: CheckServices;
    signal: AbortSignal;
    /** Aborted when the answer is wanted now: what still runs abstains. */
    hurry?: AbortSignal;
    timeLimits?: typeof checkTimeLimits;
    registry?: ReadonlyMap<string, Check>;
  },
): Promise<CheckOutcome[]> {
  const registry = options.registry ?? checks;
  const limit = (options.timeLimits ?? checkTimeLimits)[options.slow ? 'slow' : 'fast'];
  const readable = options.slow || [input.question, input.thought, input.answer].every(isReadable);
  const chosen = named.flatMap((one) => {
    const check = registry.get(one.type);
    return check === undefined || (check.slow === true) !== options.slow ? [] : [{ check, given: one }];
  });
  const outcomes = await Promise.all(
    chosen.map(async ({ check, given }): Promise<CheckOutcome> => {
      const finding = await within(
        limit,
        [options.signal, ...(options.hurry === undefined ? [] : [options.hurry])],
        async (signal) =>
          !readable && check.linear !== true
            ? abstain('the text is too long, or has words too long, to be checked')
            : check.run(input, { options: given, services: options.services, signal }),
      );
      return {
        name: check.name,
        judges: check.judges,
        confirms: check.confirms === true,
        slow: options.slow,
        ...finding,
      };
    }),
  );
  options.signal.throwIfAborted();
  return outcomes;
}

async function within(
  limit: number,
  outer: readonly AbortSignal[],
  run: (signal: AbortSignal) => Promise<Finding>,
): Promise<Finding> {
  const signal = AbortSignal.any([...outer, AbortSignal.timeout(limit)]);
  if (signal.aborted) return abstain('there was no time for it');
  try {
    const finding = await orLate(run(signal), { signal });
    return finding === late ? abstain('it took too long') : finding;
  } catch {
    // The error may contain what the client must not see.
    return abstain('the check could not be made');
  }
}
