import {
  emptyAccount,
  LedgerAccount,
  type Limits,
  type OpenPlace,
  type Outcome,
  type Reservation,
  reserve,
  settle,
} from './ledger-account.ts';

/**
 * What keys use, over all processes: places for responses that run, and tokens by day. A place is reserved with the most
 * that its response may use, before the response is queued, so that requests side by side can't overrun a quota, and
 * booked with what it used once it has ended.
 */
export type UsageLedger = {
  reserve(key: string, reservation: Reservation, limits: Limits): Promise<Outcome>;
  settle(key: string, id: string, usedTokens: number): Promise<void>;
  /** Tokens by the id of their response, in one step. */
  settleAll(key: string, used: ReadonlyMap<string, number>): Promise<void>;
  /** The places that are held, by the id of their response. */
  open(key: string): Promise<ReadonlyMap<string, OpenPlace>>;
};

/** Reads, changes and writes one record as one step, over all processes that may. `undefined` leaves it as it is. */
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
        return outcome.type === 'reserved' ? result.account : undefined;
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
