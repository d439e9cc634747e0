import { z } from 'zod';

const count = z.int().nonnegative();

/** A response that has not ended. `at`: epoch ms of acceptance. */
const OpenPlace = z.object({ tokens: count, day: z.string(), at: z.number(), batch: z.boolean() });
type OpenPlace = z.infer<typeof OpenPlace>;

/**
 * What one key has used and reserved. The decisions are pure functions over it, independent of how it is stored. Days
 * are in UTC, such as `2026-11-24`.
 */
const LedgerAccount = z.object({
  version: z.literal(1),
  day: z.string(),
  /** Tokens of the day's responses that have ended. */
  used: count,
  /** Responses that have not ended, with the tokens reserved for each. */
  open: z.record(z.string(), OpenPlace),
});
type LedgerAccount = z.infer<typeof LedgerAccount>;

type Reservation = {
  id: string;
  /** The most that the response may use. */
  tokens: number;
  /** A batch's requests wait behind all others and do not count as running. */
  batch: boolean;
};

type Limits = { concurrent_responses: number | null; tokens_per_day: number | null };

type Outcome =
  | { type: 'reserved'; tokensLeft: number | null }
  /** The response already had a reservation; it now covers the larger of both amounts. */
  | { type: 'held'; tokensLeft: number | null }
  | { type: 'too_many'; running: number }
  | { type: 'over_quota'; tokensLeft: number };

export function emptyAccount(now: number): LedgerAccount {
  return { version: 1, day: dayOf(now), used: 0, open: {} };
}

/**
 * Reserves a slot and its tokens, or neither. A response that already has a reservation keeps its slot. Two requests with one
 * Idempotency-Key may differ in length, and either may become the response, so the larger amount is reserved.
 */
export function reserve(
  account: LedgerAccount,
  { id, tokens, batch }: Reservation,
  { limits, now }: { limits: Limits; now: number },
): { account: LedgerAccount; outcome: Outcome } {
  const day = dayOf(now);
  const today = account.day === day ? account : { ...account, day, used: 0 };
  const left = tokensLeft(today, limits);
  const held = Object.hasOwn(today.open, id) ? today.open[id] : undefined;
  if (held !== undefined) {
    const more = held.day === day ? Math.max(0, tokens - held.tokens) : 0;
    if (left !== null && more > left) return { account: today, outcome: { type: 'over_quota', tokensLeft: left } };
    const open = { ...today.open, [id]: { ...held, tokens: held.tokens + more } };
    const outcome = { type: 'held' as const, tokensLeft: left === null ? null : left - more };
    return { account: more === 0 ? today : { ...today, open }, outcome };
  }
  const running = Object.values(today.open).filter((one) => !one.batch).length;
  if (!batch && limits.concurrent_responses !== null && running >= limits.concurrent_responses) {
    return { account: today, outcome: { type: 'too_many', running } };
  }
  if (left !== null && tokens > left) return { account: today, outcome: { type: 'over_quota', tokensLeft: left } };
  return {
    account: { ...today, open: { ...today.open, [id]: { tokens, day, at: now, batch } } },
    outcome: { type: 'reserved', tokensLeft: left === null ? null : left - tokens },
  };
}

/** Frees the slot and books what was used, on the day of acceptance. A second call changes nothing. */
export function settle(account: LedgerAccount, id: string, used: number): LedgerAccount {
  const held = Object.hasOwn(account.open, id) ? account.open[id] : undefined;
  if (held === undefined) return account;
  const { [id]: _ended, ...open } = account.open;
  return { ...account, open, used: account.used + (held.day === account.day ? used : 0) };
}

/** The UTC day of an instant in epoch ms. */
function dayOf(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}

function tokensLeft(account: LedgerAccount, { tokens_per_day: limit }: Limits): number | null {
  if (limit === null) return null;
  const kept = Object.values(account.open).reduce((sum, one) => sum + (one.day === account.day ? one.tokens : 0), 0);
  return Math.max(0, limit - account.used - kept);
}

/**
 * What keys use, across all processes: slots for running responses, and tokens per day. Before a response is queued,
 * the most that it may use is reserved, so that concurrent requests cannot exceed a quota; when it has ended, what it
 * really used is booked.
 */
export type UsageLedger = {
  reserve(key: string, reservation: Reservation, limits: Limits): Promise<Outcome>;
  settle(key: string, id: string, usedTokens: number): Promise<void>;
  /** Tokens by response id, in one step. */
  settleAll(key: string, used: ReadonlyMap<string, number>): Promise<void>;
  /** The current reservations, by response id. */
  open(key: string): Promise<ReadonlyMap<string, OpenPlace>>;
};

/** Reads, changes and writes one record in one step, across all processes. `undefined` leaves it unchanged. */
export type ChangeRecord = (key: string, change: (value: unknown) => unknown) => Promise<void>;

export function createUsageLedger({ change, now }: { change: ChangeRecord; now(): number }): UsageLedger {
  const recordKey = (key: string) => `usage:${key}`;
  const parse = (value: unknown): LedgerAccount => {
    const parsed = LedgerAccount.safeParse(value);
    return parsed.success ? parsed.data : emptyAccount(now());
  };
  const settleAll = (key: string, used: ReadonlyMap<string, number>) =>
    change(recordKey(key), (value) => {
      const before = parse(value);
      let account = before;
      for (const [id, tokens] of used) account = settle(account, id, tokens);
      return account === before ? undefined : account;
    });
  return {
    async reserve(key, reservation, limits) {
      let outcome: Outcome | undefined;
      await change(recordKey(key), (value) => {
        const result = reserve(parse(value), reservation, { limits, now: now() });
        outcome = result.outcome;
        return outcome.type === 'reserved' || outcome.type === 'held' ? result.account : undefined;
      });
      if (outcome === undefined) throw new Error('the ledger was not asked');
      return outcome;
    },
    settle: (key, id, usedTokens) => settleAll(key, new Map([[id, usedTokens]])),
    settleAll,
    async open(key) {
      let places: ReadonlyMap<string, OpenPlace> = new Map();
      await change(recordKey(key), (value) => {
        places = new Map(Object.entries(parse(value).open));
        return undefined;
      });
      return places;
    },
  };
}
