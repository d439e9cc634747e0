import type { RawDistribution } from '../sampler-softmax.ts';
import type { KvPlace } from './kv-arena.ts';
import { capacityFor } from './layout.ts';
import type { SequenceCache } from './prefix-store.ts';

/** A sequence that waits for room. */
type WaitingSequence = {
  /** Sequences of one request share it. */
  request: object;
  /** Tokens of cache that it takes. */
  room: number;
  /** How often a later one was admitted before it. */
  passed: number;
};

/** Later sequences may be admitted this often before one that doesn't fit. Then they wait for it, so that small ones can't starve a large one. */
const patience = 8;

/**
 * The sequences that are admitted now, in order: the request with the fewest running ones goes first (among equals, the
 * earliest), so that a request of many samples doesn't shut out the others.
 * `waiting` in order of arrival; `running` gives a request's running rows; `free` is the room left, in tokens.
 */
export function admit<Row extends WaitingSequence>(
  waiting: readonly Row[],
  options: { free: number; slots: number; running(request: object): number },
): Row[] {
  const admitted: Row[] = [];
  const counts = new Map<object, number>();
  const count = (request: object) => counts.get(request) ?? options.running(request);
  let rest = [...waiting];
  let { free, slots } = options;
  while (rest.length > 0 && slots > 0) {
    const order = rest
      .map((row, index) => ({ row, index }))
      .sort((a, b) => count(a.row.request) - count(b.row.request) || a.index - b.index);
    const impatient = order.find(({ row }) => row.passed >= patience && row.room > free);
    const next = impatient ? undefined : order.find(({ row }) => row.room <= free);
    if (!next) break;
    for (const { row, index } of order) if (index < next.index && row.room > free) row.passed += 1;
    admitted.push(next.row);
    counts.set(next.row.request, count(next.row.request) + 1);
    free -= next.row.room;
    slots -= 1;
    rest = rest.filter((row) => row !== next.row);
  }
  return admitted;
}

/**
 * A sequence as the loop drives it. The loop feeds `ids` to the model; once all are in the cache, `onLogits` takes the last
 * one's logits and makes `ids` longer, asks for a probe, or ends the row. Calls run to their end: nothing is awaited.
 */
export type SequenceDriver = {
  /** Prompt and all that followed, fed or sampled; it only grows. */
  readonly ids: readonly number[];
  /** The most ids that there will ever be, probes included. */
  readonly need: number;
  /** Set: the loop lets the row go before its next step. */
  readonly finished: boolean;
  /**
   * Set: instead of `ids`, these are run behind them, their logits [probe, vocabulary] go to `onProbe`, and the cache is
   * cut back to `ids`.
   */
  readonly probe?: readonly number[] | undefined;
  /**
   * Of the next logits, those that have to be there whatever their size: all, or these ids. An engine may leave out others
   * (minus infinity) that are unlikely together. Absent: none in particular.
   */
  readonly needs?: 'all' | readonly number[];
  /** Logits [vocabulary] of the last id, valid during the call; `raw` where the graph also gives their distribution. */
  onLogits(logits: Float32Array, raw?: RawDistribution): void;
  onProbe?(logits: Float32Array): void;
  /** Called once, before the first `onLogits`: tokens of `ids` that were found in the cache when the row first came in. */
  onCached(tokens: number): void;
  /** The loop can't continue this sequence. */
  fail(error: unknown): void;
};

/** A row in the loop. */
export type Sequence = {
  driver: SequenceDriver;
  request: object;
  /** Tokens that it has room for now. Its room grows with it, because few answers get as long as they may. */
  need: number;
  room: number;
  passed: number;
  alone: boolean;
  /** Which others may start from its keys and values; absent: none. */
  cache: SequenceCache | undefined;
  /** The row whose prefill it waits for. */
  leader: Sequence | undefined;
  place: KvPlace | undefined;
  /** Ids whose keys and values are in the cache. */
  cached: number;
  /** Ids that were found in the cache when it came in. */
  reused: number;
  /** `onCached` was called: once, however often it comes in. */
  begun: boolean;
  /** All its first ids have been in the cache, and its driver has continued from them. */
  filled: boolean;
  decoding: boolean;
};

/** Tokens. `largest`: of the arena; `headroom`: what a row has room for beyond its ids, before it grows. */
export type RoomLimits = { largest: number; headroom: number };

/** A request's rows as they wait; the first one leads. */
export function sequencesOf(
  drivers: readonly SequenceDriver[],
  { alone, cache, ...limits }: { alone: boolean; cache?: SequenceCache | undefined } & RoomLimits,
): Sequence[] {
  const request = {};
  const rows: Sequence[] = [];
  for (const driver of drivers) {
    rows.push({
      driver,
      request,
      ...roomFor({ driver, alone }, limits),
      passed: 0,
      alone,
      cache,
      leader: rows[0],
      place: undefined,
      cached: 0,
      reused: 0,
      begun: false,
      filled: false,
      decoding: false,
    });
  }
  return rows;
}

/**
 * Gives rows that have outgrown their room more of it, and gives back those that have to leave for that, the latest first;
 * if no other can leave, the row itself leaves, with those that wait for its prefill. The oldest row always stays.
 */
export function makeRoom(running: readonly Sequence[], limits: RoomLimits): { grown: boolean; leaving: Sequence[] } {
  const leaving = new Set<Sequence>();
  let grown = false;
  const used = () => running.reduce((sum, row) => sum + (leaving.has(row) ? 0 : row.room), 0);
  for (const row of running) {
    if (leaving.has(row) || row.driver.finished || fits(row)) continue;
    const wanted = roomFor(row, limits);
    while (!leaving.has(row) && used() - row.room + wanted.room > limits.largest) {
      const latest = running.findLast((one) => one !== row && one.decoding && !one.alone && !leaving.has(one));
      const gone = latest === undefined ? [row, ...running.filter(({ leader }) => leader === row)] : [latest];
      for (const one of gone) leaving.add(one);
    }
    if (leaving.has(row)) continue;
    Object.assign(row, wanted);
    grown = true;
  }
  for (const row of leaving) {
    const out = { place: undefined, leader: undefined, cached: 0, filled: false, decoding: false };
    Object.assign(row, out, roomFor(row, limits));
  }
  return { grown, leaving: [...leaving] };
}

export function fits({ driver, need }: Pick<Sequence, 'driver' | 'need'>): boolean {
  return driver.ids.length <= need;
}

/** A row that runs by itself, or is probed, has all its room from the start. */
function roomFor(
  { driver, alone }: Pick<Sequence, 'driver' | 'alone'>,
  { largest, headroom }: RoomLimits,
): { need: number; room: number } {
  const whole = alone || driver.onProbe !== undefined;
  const soon = driver.ids.length + Math.max(headroom, Math.floor(driver.ids.length / 4));
  const need = whole ? driver.need : Math.min(driver.need, soon);
  return { need, room: capacityFor(need, largest) };
}
