import { setImmediate } from 'node:timers/promises';
import type { CacheRunner } from '../graph/cache-runner.ts';
import type { KvArena, KvMove, KvPlace } from './kv-arena.ts';
import { planLayout, type RowGroup } from './layout.ts';
import {
  commonPrefix,
  covers,
  createPrefixStore,
  ended,
  longestPrefix,
  type RowCache,
  type StoredRow,
  shareable,
} from './prefix-store.ts';
import { admit, engineRows, fits, makeRoom, type EngineRow as Row, type RowDriver } from './sequence.ts';

/** Prompt tokens computed between two decode steps: fewer while others wait for theirs. */
const chunk = { alone: 256, amidOthers: 64, deterministic: 128 };
/** Rows of one run; more wait. */
const largestBatch = 32;
/**
 * Fed ids of a row that decodes amid so many others go along with their steps, one in each: a run of their own would hold the
 * others up, and costs more than the ids do beside them.
 */
const goingAlong = { rows: 3, ids: 8 };
/** Turns without a run, while rows are there: one happens where rows end. */
const mostIdle = 16;

/** Tokens that a row has room for at first, beyond its prompt: most thoughts and answers are shorter. */
const usualAnswer = 512;

/** The decode loop over all rows of all requests. */
export type Engine = {
  /** Tokens of cache that one row can have at most. */
  readonly largestRow: number;
  /**
   * Adds rows of one request, which share one prompt: the first one's prefill serves all. `alone`: each of them runs by
   * itself, from a cold cache, so that nothing else sways its rounding. `cache`: which rows of other calls they may start from,
   * and which may start from them; absent: none. Rows are let go once their driver is finished.
   */
  add(drivers: readonly RowDriver[], options: { alone: boolean; cache?: RowCache | undefined }): void;
  /** A response has ended: of its rows the owner's prompts are kept, and nothing else. */
  forget(response: string): void;
  readonly stats: EngineStats;
  /** Fails all rows with `reason` and waits for the step in progress. */
  close(reason: unknown): Promise<void>;
};

export type EngineStats = {
  running: number;
  waiting: number;
  keptRows: number;
  usedTokens: number;
  tokens: number;
  steps: number;
  /** Tokens of prompts and fed sentences that were computed, and not found in the cache. */
  prefilledTokens: number;
  /** Decode steps by their rows: `[with 1 row, with 2, …]`. */
  batches: readonly number[];
};

export function createEngine(options: { runner: CacheRunner; arena: KvArena; headroom?: number }): Engine {
  const { runner, arena } = options;
  const limits = { largest: arena.tokens, headroom: options.headroom ?? usualAnswer };
  const store = createPrefixStore();
  let waiting: Row[] = [];
  let running: Row[] = [];
  let groups: RowGroup<Row>[] = [];
  let settled = true;
  let loop: Promise<void> | undefined;
  let closed: { reason: unknown } | undefined;
  let turn = 0;
  let steps = 0;
  let prefilledTokens = 0;
  const batches = Array.from({ length: largestBatch }, () => 0);
  let idle = 0;

  const missing = (row: Row) => row.driver.ids.length - row.cached;

  /** What it is still to be fed is few ids, and there are others to step along with. */
  const goesAlong = (row: Row) =>
    missing(row) <= goingAlong.ids &&
    groups.some(({ decoding }) => decoding.length >= goingAlong.rows && decoding.includes(row));

  const followersOf = (row: Row) => running.filter(({ leader }) => leader === row);

  /** Takes rows in and out of the groups, and moves caches to where they belong now. */
  function settle(copies: ReadonlyMap<Row, { from: KvPlace; length: number }>): void {
    const layout = planLayout({ tokens: arena.tokens, active: running, kept: store.rows });
    const moves: KvMove[] = [];
    for (const [row, to] of layout.places) {
      const source = copies.get(row) ?? (row.place && { from: row.place, length: row.cached });
      if (source && source.length > 0 && !isSame(source.from, to)) moves.push({ ...source, to });
    }
    for (const [row, to] of layout.keptPlaces) {
      if (!isSame(row.place, to)) moves.push({ from: row.place, to, length: row.length });
    }
    for (const row of layout.evicted) store.remove(row);
    arena.move(moves);
    for (const [row, place] of layout.places) row.place = place;
    for (const [row, place] of layout.keptPlaces) row.place = place;
    groups = layout.groups;
    settled = true;
  }

  function letFinishedGo(): void {
    const gone = running.filter(({ driver }) => driver.finished);
    if (gone.length > 0) {
      running = running.filter(({ driver }) => !driver.finished);
      for (const row of gone) {
        const { place, alone, cache, cached, driver } = row;
        if (place && !alone && cache) store.keep({ ids: driver.ids.slice(0, cached), place, cache });
      }
      settled = false;
    }
    waiting = waiting.filter(({ driver }) => !driver.finished);
    // A leader that was cancelled leaves its prompt to the next of its samples.
    for (const row of [...running, ...waiting]) {
      if (row.leader && !running.includes(row.leader) && !waiting.includes(row.leader)) row.leader = undefined;
    }
  }

  function takeIn(): void {
    const used = running.reduce((sum, { room }) => sum + room, 0);
    const admitted = admit(waiting, {
      free: arena.tokens - used,
      slots: largestBatch - running.length,
      running: (request) => running.filter((row) => row.request === request).length,
    });
    if (admitted.length === 0) return;
    const copies = new Map<Row, { from: KvPlace; length: number }>();
    const candidates = [
      ...store.rows.map((stored) => ({ ...stored, stored })),
      ...running.flatMap(({ alone, place, driver, cached, cache }) =>
        place && !alone && cache ? [{ ids: driver.ids, length: cached, place, cache, stored: undefined }] : [],
      ),
    ];
    for (const row of admitted) {
      // Too late to wait for the first sample's prefill: it lies in the cache by now.
      const late = row.leader?.filled ? row.leader : undefined;
      if (late) row.leader = undefined;
      const found =
        row.alone || row.leader ? undefined : longestPrefix(row.driver.ids, shareable(candidates, row.cache));
      if (found) {
        copies.set(row, { from: found.row.place, length: found.length });
        if (found.row.stored) touchStored(found.row.stored, row, found.length);
      }
      row.cached = found?.length ?? 0;
      row.reused = late?.reused ?? row.cached;
      if (!row.leader) begin(row, row.reused);
    }
    waiting = waiting.filter((row) => !admitted.includes(row));
    running.push(...admitted);
    settle(copies);
  }

  function begin(row: Row, reused: number): void {
    if (row.begun) return;
    row.begun = true;
    row.driver.onCached(reused);
  }

  /** Rows that grow may send others back to those that wait: their ids are computed again when they come in. */
  function giveRoom(): void {
    const { grown, leaving } = makeRoom(running, limits);
    running = running.filter((row) => !leaving.includes(row));
    waiting = [...leaving, ...waiting];
    if (grown || leaving.length > 0) settle(new Map());
  }

  /** A kept row that is wholly in the new one needn't be kept besides. */
  function touchStored(stored: StoredRow, { driver, cache }: Row, length: number): void {
    if (cache && covers({ ids: driver.ids, length, cache }, stored)) store.remove(stored);
    else store.touch(stored);
  }

  /** One piece of one row's missing ids; at the last of them its driver goes on. */
  async function feed(row: Row, most: number): Promise<void> {
    const { driver, place } = row;
    if (!place) return;
    const tokens = driver.ids.slice(row.cached, row.cached + most);
    const logits = await runner.run({ place, rows: 1, tokens, length: tokens.length, past: [row.cached], keep: 1 });
    steps += 1;
    prefilledTokens += tokens.length;
    row.cached += tokens.length;
    if (missing(row) > 0) return;
    row.filled = true;
    const followers = followersOf(row);
    for (const follower of followers) {
      follower.leader = undefined;
      begin(follower, row.reused);
      // Nearly always all of it; a sample that was told to answer meanwhile has more ids already.
      follower.cached = Math.min(row.cached, commonPrefix(driver.ids, follower.driver.ids));
      follower.filled = missing(follower) === 0;
    }
    arena.move(followers.flatMap(({ place: to, cached }) => (to ? [{ from: place, to, length: cached }] : [])));
    for (const each of [row, ...followers.filter(({ filled }) => filled)]) goOn(each, logits, 0);
  }

  async function probe(row: Row): Promise<void> {
    const { driver, place } = row;
    if (!place || !driver.probe || !driver.onProbe) return;
    const tokens = driver.probe;
    const call = { place, rows: 1, tokens, length: tokens.length, past: [row.cached], keep: tokens.length };
    const logits = await runner.run(call);
    steps += 1;
    guarded(row, () => driver.onProbe?.(logits));
  }

  /** `at`: the row of the last run that the logits are of. */
  function goOn(row: Row, logits: Float32Array, at: number): void {
    if (row.driver.finished) return;
    guarded(row, () => row.driver.onLogits(logits, runner.distribution?.(at)));
  }

  function guarded(row: Row, work: () => void): void {
    try {
      work();
    } catch (error) {
      row.driver.fail(error);
    }
  }

  async function decode(group: RowGroup<Row>): Promise<void> {
    const rows = group.decoding;
    const logits = await runner.run({
      place: group.place,
      rows: rows.length,
      tokens: rows.map(({ driver, cached }) => driver.ids[cached] ?? 0),
      length: 1,
      past: rows.map(({ cached }) => cached),
      keep: 1,
    });
    steps += 1;
    batches[rows.length - 1] = (batches[rows.length - 1] ?? 0) + 1;
    const width = logits.length / rows.length;
    rows.forEach((row, index) => {
      row.cached += 1;
      if (missing(row) === 0) goOn(row, logits.subarray(index * width, (index + 1) * width), index);
    });
  }

  async function attempt(rows: readonly Row[], work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // The caches of a failed run can't be trusted.
      for (const row of rows) {
        row.cached = 0;
        row.driver.fail(error);
      }
    }
  }

  async function step(): Promise<void> {
    letFinishedGo();
    takeIn();
    giveRoom();
    // Fed sentences of rows that decode: short, and done at once, so that their group stays whole.
    for (const row of running.filter(({ decoding }) => decoding)) {
      while (!row.driver.finished && missing(row) > 1 && fits(row) && !goesAlong(row))
        await attempt([row], () => feed(row, chunk.amidOthers));
    }
    const probing = running.find(({ driver }) => !driver.finished && driver.probe);
    if (probing) await attempt([probing], () => probe(probing));
    const filling = running.filter((row) => !row.decoding && !row.leader && !row.driver.finished && missing(row) > 0);
    const next = filling[turn % Math.max(1, filling.length)];
    turn += 1;
    if (next) {
      const amid = running.some(({ decoding }) => decoding);
      const most = next.alone ? chunk.deterministic : amid ? chunk.amidOthers : chunk.alone;
      await attempt([next], () => feed(next, most));
    }
    letFinishedGo();
    giveRoom();
    for (const row of running) {
      const ready = !row.leader && row.cached > 0 && missing(row) === 1 && followersOf(row).length === 0;
      if (ready && !row.decoding) {
        row.filled = true;
        row.decoding = true;
        settled = false;
      }
    }
    if (!settled) settle(new Map());
    for (const group of groups) {
      if (group.decoding.length > 0) await attempt(group.decoding, () => decode(group));
    }
  }

  async function run(): Promise<void> {
    while (!closed && (running.length > 0 || waiting.length > 0)) {
      const before = steps;
      try {
        await step();
        idle = steps === before ? idle + 1 : 0;
        // Never by design; but a loop that turns and does nothing would hang its callers and burn a core.
        if (idle > mostIdle) throw new Error('the decode loop makes no progress');
      } catch (error) {
        idle = 0;
        for (const { driver } of [...running, ...waiting]) if (!driver.finished) driver.fail(error);
      }
      // Messages from outside (a cancel) are heard between steps.
      await setImmediate();
    }
    letFinishedGo();
    loop = undefined;
  }

  return {
    largestRow: arena.tokens,
    forget(response) {
      // A cancelled row is let go, and kept, a step later.
      for (const row of [...waiting, ...running]) if (row.cache?.response === response) row.cache = ended(row.cache);
      store.forget(response);
    },
    add(drivers, { alone, cache }) {
      if (closed) {
        for (const driver of drivers) driver.fail(closed.reason);
        return;
      }
      waiting.push(...engineRows(drivers, { alone, cache, ...limits }));
      loop ??= run();
    },
    get stats() {
      return {
        running: running.filter(({ driver }) => !driver.finished).length,
        waiting: waiting.length,
        keptRows: store.rows.length,
        usedTokens:
          running.reduce((sum, { room }) => sum + room, 0) + store.rows.reduce((sum, { length }) => sum + length, 0),
        tokens: arena.tokens,
        steps,
        prefilledTokens,
        batches: [...batches],
      };
    },
    async close(reason) {
      closed = { reason };
      for (const { driver } of [...running, ...waiting]) if (!driver.finished) driver.fail(reason);
      await loop;
      store.clear();
      runner.close();
    },
  };
}

function isSame(first: KvPlace, second: KvPlace): boolean {
  return first.offset === second.offset && first.capacity === second.capacity;
}
