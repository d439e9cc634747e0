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

/** How often later sequences may be admitted before one that does not fit. Then they wait, so that small ones cannot starve a large one. */
const patience = 8;

/**
 * The sequences that are admitted now, in order: the request with the fewest running ones goes first (among equals, the
 * earliest), so that a request of many samples does not keep out the others.
 * `waiting` in order of arrival; `running` gives a request's running sequences; `free` is the room left, in tokens.
 */
export function admit<Waiting extends WaitingSequence>(
  waiting: readonly Waiting[],
  options: { free: number; slots: number; running(request: object): number },
): Waiting[] {
  const admitted: Waiting[] = [];
  const counts = new Map<object, number>();
  const count = (request: object) => counts.get(request) ?? options.running(request);
  let rest = [...waiting];
  let { free, slots } = options;
  while (rest.length > 0 && slots > 0) {
    const order = rest
      .map((sequence, index) => ({ sequence, index }))
      .sort((a, b) => count(a.sequence.request) - count(b.sequence.request) || a.index - b.index);
    const impatient = order.find(({ sequence }) => sequence.passed >= patience && sequence.room > free);
    const next = impatient ? undefined : order.find(({ sequence }) => sequence.room <= free);
    if (!next) break;
    for (const { sequence, index } of order) if (index < next.index && sequence.room > free) sequence.passed += 1;
    admitted.push(next.sequence);
    counts.set(next.sequence.request, count(next.sequence.request) + 1);
    free -= next.sequence.room;
    slots -= 1;
    rest = rest.filter((sequence) => sequence !== next.sequence);
  }
  return admitted;
}

/**
 * The loop's view of a sequence. The loop runs `ids` through the model; when all are in the cache, `onLogits` receives the
 * last one's logits and appends to `ids`, asks for a probe, or ends the sequence. All calls are synchronous.
 */
export type SequenceDriver = {
  /** Prompt and all that followed, inserted or sampled; it only grows. */
  readonly ids: readonly number[];
  /** The most ids that there will be, including probes. */
  readonly need: number;
  /** If set, the loop removes the sequence before its next step. */
  readonly finished: boolean;
  /**
   * If set, these are run after `ids`, their logits [probe, vocabulary] are given to `onProbe`, and the cache is cut back to
   * `ids`.
   */
  readonly probe?: readonly number[] | undefined;
  /**
   * Of the next logits, those that have to be there whatever their size: all, or these ids. An engine may leave out others
   * (minus infinity) that are unlikely together. Absent: none in particular.
   */
  readonly needs?: 'all' | readonly number[];
  /** Ids that it will very likely append whatever the next logits are (a computed value): they can be run with the last id. */
  readonly expects?: readonly number[] | undefined;
  /** Logits [vocabulary] of the last id, valid during the call; `raw`: their distribution, if the graph computes it. */
  onLogits(logits: Float32Array, raw?: RawDistribution): void;
  onProbe?(logits: Float32Array): void;
  /** Called once, before the first `onLogits`: how many of `ids` were found in the cache when the sequence was first admitted. */
  onCached(tokens: number): void;
  /** The loop cannot continue this sequence. */
  fail(error: unknown): void;
};

/** A sequence in the loop. */
export type Sequence = {
  driver: SequenceDriver;
  request: object;
  /** Tokens that it has room for now. The room grows with it, because few answers reach their limit. */
  need: number;
  room: number;
  passed: number;
  alone: boolean;
  /** Which others may start from its keys and values; absent: none. */
  cache: SequenceCache | undefined;
  /** The sequence whose prefill it waits for. */
  leader: Sequence | undefined;
  place: KvPlace | undefined;
  /** Ids whose keys and values are in the cache. */
  cached: number;
  /** Ids that were found in the cache when it was admitted. */
  reused: number;
  /** `onCached` has been called, which happens once. */
  begun: boolean;
  /** All its first ids have been in the cache, and its driver has continued from them. */
  filled: boolean;
  decoding: boolean;
};

/** Tokens. `largest`: of the arena; `headroom`: the room beyond a sequence's ids before it grows. */
export type RoomLimits = { largest: number; headroom: number };

/** A request's new sequences; the first one computes the prompt for all. */
export function sequencesOf(
  drivers: readonly SequenceDriver[],
  { alone, cache, ...limits }: { alone: boolean; cache?: SequenceCache | undefined } & RoomLimits,
): Sequence[] {
  const request = {};
  const sequences: Sequence[] = [];
  for (const driver of drivers) {
    sequences.push({
      driver,
      request,
      ...roomFor({ driver, alone }, limits),
      passed: 0,
      alone,
      cache,
      leader: sequences[0],
      place: undefined,
      cached: 0,
      reused: 0,
      begun: false,
      filled: false,
      decoding: false,
    });
  }
  return sequences;
}

/**
 * Gives more room to sequences that have outgrown theirs, and returns those that must leave for that, the latest first. If no
 * other can leave, the sequence itself leaves, with those that wait for its prefill. The oldest sequence always stays.
 */
export function makeRoom(running: readonly Sequence[], limits: RoomLimits): { grown: boolean; leaving: Sequence[] } {
  const leaving = new Set<Sequence>();
  let grown = false;
  const used = () => running.reduce((sum, sequence) => sum + (leaving.has(sequence) ? 0 : sequence.room), 0);
  for (const sequence of running) {
    if (leaving.has(sequence) || sequence.driver.finished || fits(sequence)) continue;
    const wanted = roomFor(sequence, limits);
    while (!leaving.has(sequence) && used() - sequence.room + wanted.room > limits.largest) {
      const latest = running.findLast((one) => one !== sequence && one.decoding && !one.alone && !leaving.has(one));
      const gone = latest === undefined ? [sequence, ...running.filter(({ leader }) => leader === sequence)] : [latest];
      for (const one of gone) leaving.add(one);
    }
    if (leaving.has(sequence)) continue;
    Object.assign(sequence, wanted);
    grown = true;
  }
  for (const sequence of leaving) {
    const out = { place: undefined, leader: undefined, cached: 0, filled: false, decoding: false };
    Object.assign(sequence, out, roomFor(sequence, limits));
  }
  return { grown, leaving: [...leaving] };
}

export function fits({ driver, need }: Pick<Sequence, 'driver' | 'need'>): boolean {
  return driver.ids.length <= need;
}

/** A sequence that runs by itself, or is probed, has all its room from the start. */
function roomFor(
  { driver, alone }: Pick<Sequence, 'driver' | 'alone'>,
  { largest, headroom }: RoomLimits,
): { need: number; room: number } {
  const whole = alone || driver.onProbe !== undefined;
  const soon = driver.ids.length + Math.max(headroom, Math.floor(driver.ids.length / 4));
  const need = whole ? driver.need : Math.min(driver.need, soon);
  return { need, room: capacityFor(need, largest) };
}
