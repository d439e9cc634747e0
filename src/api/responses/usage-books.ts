import { TerminalEvent } from '../../contracts/responses/response-event.ts';
import type { KeyLimits } from '../../contracts/service/api-key.ts';
import type { UsageLedger } from '../../store/usage-ledger.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { terminalEvent } from './response-events.ts';

type Reservation = Parameters<UsageLedger['reserve']>[1];
type Outcome = Awaited<ReturnType<UsageLedger['reserve']>>;

/** Reservations of keys' tokens, which become what was used when the responses end. */
export type UsageBooks = {
  /** Reserves tokens, if need be after booking what has ended. */
  reserve(key: string, reservation: Reservation, limits: KeyLimits): Promise<Outcome>;
  /** Replaces a reservation by the tokens used. If the store fails, it stays until it is found again. */
  book(key: string, id: string, used: number): Promise<void>;
  /** Books a response when it ends. */
  follow(key: string, id: string): void;
};

/** A reservation may be this old before its job exists: a younger one without a job is kept. ms */
const graceMs = 60_000;
/** A key's batches may have thousands of reservations: they are checked no more often than this. ms */
const batchPauseMs = 5_000;
/**
 * Nobody follows a batch's responses. While their key sends requests, ended ones are looked for this often, which is before
 * unstored responses are removed. ms
 */
const lookMs = 300_000;

export function createUsageBooks(dependencies: {
  queue: ApiDependencies['queue'];
  ledger: UsageLedger;
  log: ApiDependencies['log'];
  now(): number;
}): UsageBooks {
  const { queue, ledger, log, now } = dependencies;
  const settling = new Map<string, Promise<void>>();
  const batchesSeen = new Map<string, number>();
  const looked = new Map<string, number>();

  return {
    async reserve(key, reservation, limits) {
      if (isTimeToLook(key)) settleEnded(key).catch((error: unknown) => notBooked(error));
      const outcome = await ledger.reserve(key, reservation, limits);
      if (outcome.type !== 'too_many' && outcome.type !== 'over_quota') return outcome;
      // A response that ended a moment ago, or while its API process was down, may not be booked yet.
      await settleEnded(key);
      return ledger.reserve(key, reservation, limits);
    },
    book: (key, id, used) => ledger.settle(key, id, used).catch((error: unknown) => notBooked(error, id)),
    follow(key, id) {
      terminalEvent(queue, id, { signal: new AbortController().signal })
        .then((end) => (end === undefined ? undefined : ledger.settle(key, id, usedTokens(end))))
        // It was removed, and booked then; or the backend is down, and it is found when the key needs room.
        .catch((error: unknown) => notBooked(error, id));
    },
  };

  /** Not at the key's first request: where each request has its own process, every request would look. */
  function isTimeToLook(key: string): boolean {
    const before = looked.get(key);
    if (before !== undefined && now() - before < lookMs) return false;
    looked.set(key, now());
    return before !== undefined;
  }

  /** Books what has ended, once at a time for each key; a caller that comes meanwhile waits for the same run. */
  function settleEnded(key: string): Promise<void> {
    const running = settling.get(key);
    if (running !== undefined) return running;
    const mine = settleOpen(key).finally(() => settling.delete(key));
    settling.set(key, mine);
    return mine;
  }

  async function settleOpen(key: string): Promise<void> {
    const withBatches = now() - (batchesSeen.get(key) ?? Number.NEGATIVE_INFINITY) >= batchPauseMs;
    if (withBatches) batchesSeen.set(key, now());
    const ended = await endedOf(await ledger.open(key), { queue, withBatches, now });
    if (ended.size > 0) await ledger.settleAll(key, ended);
  }

  function notBooked(error: unknown, id?: string): void {
    log.warn({ err: error, ...(id && { response_id: id }) }, 'usage not booked yet');
  }
}

/** What the reserved responses have used that have ended, by id. */
async function endedOf(
  open: Awaited<ReturnType<UsageLedger['open']>>,
  { queue, withBatches, now }: { queue: ApiDependencies['queue']; withBatches: boolean; now(): number },
): Promise<Map<string, number>> {
  const ended = new Map<string, number>();
  for (const [id, place] of open) {
    if (place.batch && !withBatches) continue;
    const snapshot = await queue.get(id);
    if (snapshot?.terminal !== undefined) {
      ended.set(id, usedTokens(TerminalEvent.parse(snapshot.terminal.data)));
    } else if (snapshot === undefined && now() - place.at > graceMs) {
      // Any other response was followed to its end. What a batch's removed response used is unknown, so it counts in full.
      ended.set(id, place.batch ? place.tokens : 0);
    }
  }
  return ended;
}

export function usedTokens({ response }: TerminalEvent): number {
  return response.usage?.total_tokens ?? 0;
}
