import type { KvArena, KvMove, KvPlace } from './kv-arena.ts';
import { planLayout, type SequenceGroup } from './layout.ts';
import { covers, longestPrefix, type PrefixStore, type StoredSequence, shareable } from './prefix-store.ts';
import { admit, makeRoom, type RoomLimits, type Sequence } from './sequence.ts';

/** The most sequences in one run; further ones wait. */
export const largestBatch = 32;

/** The waiting and running sequences, and the groups of the decoding ones. Nothing here runs the model. */
export type Schedule = {
  waiting: Sequence[];
  running: Sequence[];
  groups: SequenceGroup<Sequence>[];
  /** False if sequences have been added or removed or have begun to decode since their caches were last laid out. */
  laidOut: boolean;
};

/** Keys and values of running sequences, and those kept for later prompts. */
export type CacheMemory = { arena: KvArena; store: PrefixStore; limits: RoomLimits };

type Copies = ReadonlyMap<Sequence, { from: KvPlace; length: number }>;

export function createSchedule(): Schedule {
  return { waiting: [], running: [], groups: [], laidOut: true };
}

/** Ids that a sequence has and that are not in its cache yet. */
export function missingIds({ driver, cached }: Sequence): number {
  return driver.ids.length - cached;
}

/** The sequences that wait for this one's prefill. */
export function followersOf({ running }: Schedule, sequence: Sequence): Sequence[] {
  return running.filter(({ leader }) => leader === sequence);
}

/** Removes finished sequences, and keeps the parts of their caches that others may start from. */
export function dropFinished(schedule: Schedule, { store }: CacheMemory): void {
  const gone = schedule.running.filter(({ driver }) => driver.finished);
  if (gone.length > 0) {
    schedule.running = schedule.running.filter(({ driver }) => !driver.finished);
    for (const { place, alone, cache, cached, driver } of gone) {
      if (place && !alone && cache) store.keep({ ids: driver.ids.slice(0, cached), place, cache });
    }
    schedule.laidOut = false;
  }
  schedule.waiting = schedule.waiting.filter(({ driver }) => !driver.finished);
  // A leader that was cancelled leaves its prompt to the next of its samples.
  const here = new Set([...schedule.running, ...schedule.waiting]);
  for (const sequence of here) if (sequence.leader && !here.has(sequence.leader)) sequence.leader = undefined;
}

/** Admits the waiting sequences that fit, each from the longest cached prefix that it may start from. */
export function admitWaiting(schedule: Schedule, memory: CacheMemory): void {
  const { running, waiting } = schedule;
  const admitted = admit(waiting, {
    free: memory.arena.tokens - running.reduce((sum, { room }) => sum + room, 0),
    slots: largestBatch - running.length,
    running: (request) => running.filter((sequence) => sequence.request === request).length,
  });
  if (admitted.length === 0) return;
  const candidates = [
    ...memory.store.sequences.map((stored) => ({ ...stored, stored })),
    ...running.flatMap(({ alone, place, driver, cached, cache }) =>
      place && !alone && cache ? [{ ids: driver.ids, length: cached, place, cache, stored: undefined }] : [],
    ),
  ];
  const copies = new Map<Sequence, { from: KvPlace; length: number }>();
  for (const sequence of admitted) {
    // The first sample's prefill has ended: it is in the cache now.
    const late = sequence.leader?.filled ? sequence.leader : undefined;
    if (late) sequence.leader = undefined;
    const found =
      sequence.alone || sequence.leader
        ? undefined
        : longestPrefix(sequence.driver.ids, shareable(candidates, sequence.cache));
    if (found) {
      copies.set(sequence, { from: found.sequence.place, length: found.length });
      if (found.sequence.stored) touchStored(memory.store, found.sequence.stored, sequence, found.length);
    }
    sequence.cached = found?.length ?? 0;
    sequence.reused = late?.reused ?? sequence.cached;
    if (!sequence.leader) beginSequence(sequence, sequence.reused);
  }
  schedule.waiting = waiting.filter((sequence) => !admitted.includes(sequence));
  running.push(...admitted);
  layOut(schedule, memory, copies);
}

/** Reports how many ids of a sequence were found in the cache: once, however often it is admitted. */
export function beginSequence(sequence: Sequence, reused: number): void {
  if (sequence.begun) return;
  sequence.begun = true;
  sequence.driver.onCached(reused);
}

/** A kept sequence that is contained in the new one need not be kept as well. */
function touchStored(store: PrefixStore, stored: StoredSequence, { driver, cache }: Sequence, length: number): void {
  if (cache && covers({ ids: driver.ids, length, cache }, stored)) store.remove(stored);
  else store.touch(stored);
}

/** Growing sequences may send others back to wait; their ids are computed again when they are admitted. */
export function growSequences(schedule: Schedule, memory: CacheMemory): void {
  const { grown, leaving } = makeRoom(schedule.running, memory.limits);
  schedule.running = schedule.running.filter((sequence) => !leaving.includes(sequence));
  schedule.waiting = [...leaving, ...schedule.waiting];
  if (grown || leaving.length > 0) layOut(schedule, memory);
}

/** Sequences whose prompt is in the cache begin to decode when no other sequence waits for it. */
export function startDecoding(schedule: Schedule, memory: CacheMemory): void {
  for (const sequence of schedule.running) {
    const ready =
      !sequence.leader &&
      sequence.cached > 0 &&
      missingIds(sequence) === 1 &&
      followersOf(schedule, sequence).length === 0;
    if (ready && !sequence.decoding) {
      sequence.filled = true;
      sequence.decoding = true;
      schedule.laidOut = false;
    }
  }
  if (!schedule.laidOut) layOut(schedule, memory);
}

/** Groups the sequences again and moves their caches to their new places. `copies`: caches that new sequences start from. */
function layOut(schedule: Schedule, { arena, store }: CacheMemory, copies: Copies = new Map()): void {
  const layout = planLayout({ tokens: arena.tokens, active: schedule.running, kept: store.sequences });
  const moves: KvMove[] = [];
  for (const [sequence, to] of layout.places) {
    const source = copies.get(sequence) ?? (sequence.place && { from: sequence.place, length: sequence.cached });
    if (source && source.length > 0 && !isSame(source.from, to)) moves.push({ ...source, to });
  }
  for (const [sequence, to] of layout.keptPlaces) {
    if (!isSame(sequence.place, to)) moves.push({ from: sequence.place, to, length: sequence.length });
  }
  for (const sequence of layout.evicted) store.remove(sequence);
  arena.move(moves);
  for (const [sequence, place] of layout.places) sequence.place = place;
  for (const [sequence, place] of layout.keptPlaces) sequence.place = place;
  schedule.groups = layout.groups;
  schedule.laidOut = true;
}

function isSame(first: KvPlace, second: KvPlace): boolean {
  return first.offset === second.offset && first.capacity === second.capacity;
}
