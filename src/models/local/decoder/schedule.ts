import type { KvArena, KvMove, KvPlace } from './kv-arena.ts';
import { planLayout, type RowGroup } from './layout.ts';
import { covers, longestPrefix, type PrefixStore, type StoredSequence, shareable } from './prefix-store.ts';
import { admit, makeRoom, type RoomLimits, type Sequence as Row } from './sequence.ts';

/** Rows of one run; more wait. */
export const largestBatch = 32;

/** Who waits, who runs, and how those that decode are grouped. Nothing here runs the model. */
export type Schedule = {
  waiting: Row[];
  running: Row[];
  groups: RowGroup<Row>[];
  /** False once rows have come, gone or begun to decode since their caches were last laid out. */
  laidOut: boolean;
};

/** Where keys and values are: those of running rows and those that are kept for later prompts. */
export type CacheMemory = { arena: KvArena; store: PrefixStore; limits: RoomLimits };

type Copies = ReadonlyMap<Row, { from: KvPlace; length: number }>;

export function createSchedule(): Schedule {
  return { waiting: [], running: [], groups: [], laidOut: true };
}

/** Ids that a row has and that are not in its cache yet. */
export function missingIds({ driver, cached }: Row): number {
  return driver.ids.length - cached;
}

/** The rows that wait for this one's prefill. */
export function followersOf({ running }: Schedule, row: Row): Row[] {
  return running.filter(({ leader }) => leader === row);
}

/** Takes finished rows out, and keeps what of their caches others may start from. */
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
  for (const row of here) if (row.leader && !here.has(row.leader)) row.leader = undefined;
}

/** Lets in the waiting rows that fit, each from the longest cached prefix that it may start from. */
export function admitWaiting(schedule: Schedule, memory: CacheMemory): void {
  const { running, waiting } = schedule;
  const admitted = admit(waiting, {
    free: memory.arena.tokens - running.reduce((sum, { room }) => sum + room, 0),
    slots: largestBatch - running.length,
    running: (request) => running.filter((row) => row.request === request).length,
  });
  if (admitted.length === 0) return;
  const candidates = [
    ...memory.store.rows.map((stored) => ({ ...stored, stored })),
    ...running.flatMap(({ alone, place, driver, cached, cache }) =>
      place && !alone && cache ? [{ ids: driver.ids, length: cached, place, cache, stored: undefined }] : [],
    ),
  ];
  const copies = new Map<Row, { from: KvPlace; length: number }>();
  for (const row of admitted) {
    // Too late to wait for the first sample's prefill: it lies in the cache by now.
    const late = row.leader?.filled ? row.leader : undefined;
    if (late) row.leader = undefined;
    const found = row.alone || row.leader ? undefined : longestPrefix(row.driver.ids, shareable(candidates, row.cache));
    if (found) {
      copies.set(row, { from: found.row.place, length: found.length });
      if (found.row.stored) touchStored(memory.store, found.row.stored, row, found.length);
    }
    row.cached = found?.length ?? 0;
    row.reused = late?.reused ?? row.cached;
    if (!row.leader) beginRow(row, row.reused);
  }
  schedule.waiting = waiting.filter((row) => !admitted.includes(row));
  running.push(...admitted);
  layOut(schedule, memory, copies);
}

/** Reports once, however often it comes in, how many ids of a row were found in the cache. */
export function beginRow(row: Row, reused: number): void {
  if (row.begun) return;
  row.begun = true;
  row.driver.onCached(reused);
}

/** A kept row that is wholly contained in the new one need not be kept besides. */
function touchStored(store: PrefixStore, stored: StoredSequence, { driver, cache }: Row, length: number): void {
  if (cache && covers({ ids: driver.ids, length, cache }, stored)) store.remove(stored);
  else store.touch(stored);
}

/** Rows that grow may send others back to wait: the ids of those are computed again when they come in. */
export function growRows(schedule: Schedule, memory: CacheMemory): void {
  const { grown, leaving } = makeRoom(schedule.running, memory.limits);
  schedule.running = schedule.running.filter((row) => !leaving.includes(row));
  schedule.waiting = [...leaving, ...schedule.waiting];
  if (grown || leaving.length > 0) layOut(schedule, memory);
}

/** Rows whose prompt is in the cache join those that decode, once no other waits for it. */
export function startDecoding(schedule: Schedule, memory: CacheMemory): void {
  for (const row of schedule.running) {
    const ready = !row.leader && row.cached > 0 && missingIds(row) === 1 && followersOf(schedule, row).length === 0;
    if (ready && !row.decoding) {
      row.filled = true;
      row.decoding = true;
      schedule.laidOut = false;
    }
  }
  if (!schedule.laidOut) layOut(schedule, memory);
}

/** Groups the rows again and moves their caches to where they belong now. `copies`: caches that new rows start from. */
function layOut(schedule: Schedule, { arena, store }: CacheMemory, copies: Copies = new Map()): void {
  const layout = planLayout({ tokens: arena.tokens, active: schedule.running, kept: store.rows });
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
  schedule.groups = layout.groups;
  schedule.laidOut = true;
}

function isSame(first: KvPlace, second: KvPlace): boolean {
  return first.offset === second.offset && first.capacity === second.capacity;
}
