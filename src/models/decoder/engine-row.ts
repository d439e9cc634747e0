import { capacityFor } from './capacity.ts';
import type { KvPlace } from './kv-arena.ts';
import type { RowCache } from './prefix-store.ts';
import type { RowDriver } from './row-driver.ts';

/** A row in the loop. */
export type EngineRow = {
  driver: RowDriver;
  request: object;
  need: number;
  room: number;
  passed: number;
  alone: boolean;
  /** Who else may start from its keys and values; absent: nobody. */
  cache: RowCache | undefined;
  /** The row whose prefill it waits for. */
  leader: EngineRow | undefined;
  place: KvPlace | undefined;
  /** Ids whose keys and values are in the cache. */
  cached: number;
  /** Ids that were found in the cache when it came in. */
  reused: number;
  /** All its first ids have been in the cache, and its driver has gone on from them. */
  filled: boolean;
  decoding: boolean;
};

/** A request's rows as they wait; the first one leads. `largest`: tokens of the arena. */
export function engineRows(
  drivers: readonly RowDriver[],
  { alone, cache, largest }: { alone: boolean; cache?: RowCache | undefined; largest: number },
): EngineRow[] {
  const request = {};
  const rows: EngineRow[] = [];
  for (const driver of drivers) {
    rows.push({
      driver,
      request,
      need: driver.need,
      room: capacityFor(driver.need, largest),
      passed: 0,
      alone,
      cache,
      leader: rows[0],
      place: undefined,
      cached: 0,
      reused: 0,
      filled: false,
      decoding: false,
    });
  }
  return rows;
}
