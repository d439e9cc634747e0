import type { KvPlace } from './kv-arena.ts';

/** Tokens of the smallest class. */
const smallest = 256;

/**
 * The capacity of a row that may grow to `need` tokens: 256, then four classes to the octave (320, 384, 448, 512, 640 …),
 * so that at most a fifth of a row is spare and rows of like size share a group. Never above `largest`.
 */
export function capacityFor(need: number, largest: number): number {
  if (need > largest) throw new RangeError('a row can never fit');
  let step = smallest / 4;
  while (step * 8 < need) step *= 2;
  return Math.min(largest, Math.max(smallest, Math.ceil(need / step) * step));
}

/**
 * Splits rows into the fewest groups of one capacity each that fit into `tokens` together, and among those into the ones
 * that take the least: each group is one pass over the weights in every step, so few groups matter more than spare room.
 * `needs` in descending order; gives each group's capacity and row count in that order.
 */
export function planGroups(
  needs: readonly number[],
  options: { tokens: number; largest: number },
): Array<{ capacity: number; rows: number }> {
  const capacities = needs.map((need) => capacityFor(need, options.largest));
  const count = needs.length;
  if (count === 0) return [];
  /** best[rows]: the least room for the first `rows` rows in so many groups, and where the last of them begins. */
  let best: Array<{ room: number; splits: readonly number[] }> = [{ room: 0, splits: [] }];
  for (let groups = 1; groups <= count; groups += 1) {
    const next: typeof best = [];
    for (let end = groups; end <= count; end += 1) {
      for (let start = groups - 1; start < end; start += 1) {
        const before = best[start];
        const room = (before?.room ?? Number.POSITIVE_INFINITY) + (end - start) * (capacities[start] ?? 0);
        if (before && room < (next[end]?.room ?? Number.POSITIVE_INFINITY)) {
          next[end] = { room, splits: [...before.splits, start] };
        }
      }
    }
    const whole = next[count];
    if (whole && whole.room <= options.tokens) {
      return whole.splits.map((start, index) => ({
        capacity: capacities[start] ?? 0,
        rows: (whole.splits[index + 1] ?? count) - start,
      }));
    }
    best = next;
  }
  throw new RangeError('the rows do not fit');
}

/** A running row as the layout sees it. Tokens. */
export type ActiveRow = {
  /** The most tokens that it will ever hold. */
  need: number;
  place: KvPlace | undefined;
  /** It takes part in the decode step; else it is being prefilled. */
  decoding: boolean;
  /** It shares a run with no other. */
  alone: boolean;
};

/** A row that has ended and is kept for its prefix. */
export type KeptRow = { length: number; place: KvPlace };

/** Rows side by side: those that decode first, so that one tensor spans them. */
export type RowGroup<Row> = { place: KvPlace; decoding: Row[]; others: Row[] };

export type Layout<Row, Kept> = {
  groups: RowGroup<Row>[];
  places: Map<Row, KvPlace>;
  keptPlaces: Map<Kept, KvPlace>;
  evicted: Kept[];
};

/**
 * Where every row lies: groups from the left, kept rows in the rest, the oldest given up first where it is short. Rows
 * stay where they are as far as they can. Pure; the caller moves what has a new place.
 * `kept` in the order of last use, oldest first.
 * @throws RangeError where the active rows don't fit: admission has to see to that
 */
export function planLayout<Row extends ActiveRow, Kept extends KeptRow>(options: {
  tokens: number;
  active: readonly Row[];
  kept: readonly Kept[];
}): Layout<Row, Kept> {
  const { tokens, active, kept } = options;
  const places = new Map<Row, KvPlace>();
  const groups: RowGroup<Row>[] = [];
  let offset = 0;
  for (const { capacity, rows } of groupsOf(active, tokens, keptTokens(kept))) {
    const slots = assignSlots(rows, { offset, capacity });
    slots.forEach((row, slot) => {
      places.set(row, { offset: offset + slot * capacity, capacity });
    });
    groups.push({
      place: { offset, capacity },
      decoding: slots.filter(({ decoding }) => decoding),
      others: slots.filter(({ decoding }) => !decoding),
    });
    offset += rows.length * capacity;
  }
  if (offset > tokens) throw new RangeError('the rows do not fit');
  return { groups, places, ...placeKept(kept, { start: offset, end: tokens }) };
}

type RowsOfCapacity<Row> = { capacity: number; rows: Row[] };

function groupsOf<Row extends ActiveRow>(active: readonly Row[], tokens: number, kept: number): RowsOfCapacity<Row>[] {
  const options = { tokens, largest: tokens };
  const alone = active.filter((row) => row.alone);
  const shared = active.filter((row) => !row.alone).sort((a, b) => b.need - a.need);
  const groups: RowsOfCapacity<Row>[] = [];
  for (const row of alone) groups.push({ capacity: planGroups([row.need], options)[0]?.capacity ?? 0, rows: [row] });
  const taken = groups.reduce((sum, { capacity }) => sum + capacity, 0);
  const current = Math.max(0, ...shared.map(({ place }) => place?.capacity ?? 0));
  const largestNeed = shared[0]?.need ?? 0;
  if (shared.length > 0 && current >= largestNeed && taken + current * shared.length + kept <= tokens) {
    // One group that holds them all as it is: nobody moves to another capacity.
    groups.push({ capacity: current, rows: shared });
  } else {
    let at = 0;
    const planned = planGroups(
      shared.map(({ need }) => need),
      { tokens: tokens - taken, largest: tokens },
    );
    for (const { capacity, rows } of planned) {
      groups.push({ capacity, rows: shared.slice(at, at + rows) });
      at += rows;
    }
  }
  // In the order in which they lie, so that a group keeps its place while those on its left keep theirs.
  const start = ({ rows }: RowsOfCapacity<Row>) =>
    Math.min(...rows.map(({ place }) => place?.offset ?? Number.POSITIVE_INFINITY));
  return groups
    .map((group) => ({ group, start: start(group) }))
    .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
    .map(({ group }) => group);
}

/** Decoding rows first; each keeps its slot if it can. */
function assignSlots<Row extends ActiveRow>(rows: readonly Row[], first: KvPlace): Row[] {
  const decodingCount = rows.filter(({ decoding }) => decoding).length;
  const slots: Array<Row | undefined> = new Array(rows.length).fill(undefined);
  const homeless: Row[] = [];
  for (const row of rows) {
    const slot = row.place?.capacity === first.capacity ? (row.place.offset - first.offset) / first.capacity : -1;
    const inside =
      Number.isInteger(slot) &&
      slot >= (row.decoding ? 0 : decodingCount) &&
      slot < (row.decoding ? decodingCount : rows.length);
    if (inside && slots[slot] === undefined) slots[slot] = row;
    else homeless.push(row);
  }
  const decoding = homeless.filter((row) => row.decoding);
  const others = homeless.filter((row) => !row.decoding);
  return slots.flatMap((row, slot) => row ?? (slot < decodingCount ? decoding.shift() : others.shift()) ?? []);
}

function keptTokens(kept: readonly KeptRow[]): number {
  return kept.reduce((sum, { length }) => sum + length, 0);
}

/** Kept rows stay where nothing else lies; the others go to the gaps from the right, or all are packed anew. */
function placeKept<Kept extends KeptRow>(
  kept: readonly Kept[],
  room: { start: number; end: number },
): { keptPlaces: Map<Kept, KvPlace>; evicted: Kept[] } {
  const evicted: Kept[] = [];
  const staying = [...kept];
  while (keptTokens(staying) > room.end - room.start) {
    const oldest = staying.shift();
    if (oldest) evicted.push(oldest);
  }
  const keptPlaces = new Map<Kept, KvPlace>();
  const blocks: KvPlace[] = [];
  const free = ({ offset, capacity }: KvPlace) =>
    offset >= room.start &&
    offset + capacity <= room.end &&
    blocks.every((block) => block.offset + block.capacity <= offset || offset + capacity <= block.offset);
  const displaced: Kept[] = [];
  for (const row of staying) {
    if (free(row.place)) {
      keptPlaces.set(row, row.place);
      blocks.push(row.place);
    } else displaced.push(row);
  }
  for (const row of displaced) {
    const starts = [room.end, ...blocks.map(({ offset }) => offset)].map((end) => end - row.length);
    const offset = starts.sort((a, b) => b - a).find((start) => free({ offset: start, capacity: row.length }));
    if (offset === undefined) return { keptPlaces: packed(staying, room.end), evicted };
    const place = { offset, capacity: row.length };
    keptPlaces.set(row, place);
    blocks.push(place);
  }
  return { keptPlaces, evicted };
}

/** Newest at the far end: the next to be given up lies where the groups grow. */
function packed<Kept extends KeptRow>(rows: readonly Kept[], end: number): Map<Kept, KvPlace> {
  const places = new Map<Kept, KvPlace>();
  let at = end;
  for (const row of rows.toReversed()) {
    at -= row.length;
    places.set(row, { offset: at, capacity: row.length });
  }
  return places;
}
