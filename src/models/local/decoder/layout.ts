import type { KvPlace } from './kv-arena.ts';

/** Tokens of the smallest class. */
const smallest = 256;

/**
 * The capacity of a sequence that may grow to `need` tokens: 256, then four classes to the octave (320, 384, 448, 512, 640 …),
 * so that at most a fifth of it is spare and sequences of similar size share a group. Never above `largest`.
 */
export function capacityFor(need: number, largest: number): number {
  if (need > largest) throw new RangeError('a sequence can never fit');
  let step = smallest / 4;
  while (step * 8 < need) step *= 2;
  return Math.min(largest, Math.max(smallest, Math.ceil(need / step) * step));
}

/**
 * Splits sequences into the fewest groups of one capacity each that fit into `tokens` together, and among those into the
 * smallest: each group is one pass over the weights in every step, so few groups matter more than spare room.
 * `needs` in descending order; returns each group's capacity and number of sequences in that order.
 */
export function planGroups(
  needs: readonly number[],
  options: { tokens: number; largest: number },
): Array<{ capacity: number; count: number }> {
  const capacities = needs.map((need) => capacityFor(need, options.largest));
  const count = needs.length;
  if (count === 0) return [];
  /** best[n]: the least room for the first n sequences in so many groups, and where the last group begins. */
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
        count: (whole.splits[index + 1] ?? count) - start,
      }));
    }
    best = next;
  }
  throw new RangeError('the sequences do not fit');
}

/** A running sequence as the layout sees it. Tokens. */
export type ActiveSequence = {
  /** The most tokens that it will ever hold. */
  need: number;
  place: KvPlace | undefined;
  /** It takes part in the decode step; otherwise it is being prefilled. */
  decoding: boolean;
  /** It shares no run with other sequences. */
  alone: boolean;
};

/** A sequence that has ended and is kept for its prefix. */
export type KeptSequence = { length: number; place: KvPlace };

/** Neighbouring sequences: the decoding ones come first, so that one tensor spans them. */
export type SequenceGroup<Active> = { place: KvPlace; decoding: Active[]; others: Active[] };

export type Layout<Active, Kept> = {
  groups: SequenceGroup<Active>[];
  places: Map<Active, KvPlace>;
  keptPlaces: Map<Kept, KvPlace>;
  evicted: Kept[];
};

/**
 * The place of every sequence: groups from the left, kept sequences in the rest, of which the oldest are evicted if there is
 * not enough room. Sequences stay where they are if possible. Pure: the caller moves the caches.
 * `kept` is in the order of last use, oldest first.
 * @throws RangeError if the active sequences do not fit, which admission must prevent
 */
export function planLayout<Active extends ActiveSequence, Kept extends KeptSequence>(options: {
  tokens: number;
  active: readonly Active[];
  kept: readonly Kept[];
}): Layout<Active, Kept> {
  const { tokens, active, kept } = options;
  const places = new Map<Active, KvPlace>();
  const groups: SequenceGroup<Active>[] = [];
  let offset = 0;
  for (const { capacity, sequences } of groupsOf(active, tokens, keptTokens(kept))) {
    const slots = assignSlots(sequences, { offset, capacity });
    slots.forEach((sequence, slot) => {
      places.set(sequence, { offset: offset + slot * capacity, capacity });
    });
    groups.push({
      place: { offset, capacity },
      decoding: slots.filter(({ decoding }) => decoding),
      others: slots.filter(({ decoding }) => !decoding),
    });
    offset += sequences.length * capacity;
  }
  if (offset > tokens) throw new RangeError('the sequences do not fit');
  return { groups, places, ...placeKept(kept, { start: offset, end: tokens }) };
}

type SequencesOfCapacity<Active> = { capacity: number; sequences: Active[] };

function groupsOf<Active extends ActiveSequence>(
  active: readonly Active[],
  tokens: number,
  kept: number,
): SequencesOfCapacity<Active>[] {
  const options = { tokens, largest: tokens };
  const alone = active.filter((sequence) => sequence.alone);
  const shared = active.filter((sequence) => !sequence.alone).sort((a, b) => b.need - a.need);
  const groups: SequencesOfCapacity<Active>[] = [];
  for (const sequence of alone)
    groups.push({ capacity: planGroups([sequence.need], options)[0]?.capacity ?? 0, sequences: [sequence] });
  const taken = groups.reduce((sum, { capacity }) => sum + capacity, 0);
  const current = Math.max(0, ...shared.map(({ place }) => place?.capacity ?? 0));
  const largestNeed = shared[0]?.need ?? 0;
  if (shared.length > 0 && current >= largestNeed && taken + current * shared.length + kept <= tokens) {
    // The current capacity holds all of them in one group: no sequence changes its capacity.
    groups.push({ capacity: current, sequences: shared });
  } else {
    let at = 0;
    const planned = planGroups(
      shared.map(({ need }) => need),
      { tokens: tokens - taken, largest: tokens },
    );
    for (const { capacity, count } of planned) {
      groups.push({ capacity, sequences: shared.slice(at, at + count) });
      at += count;
    }
  }
  // In the order of their places, so that a group keeps its place while those on its left keep theirs.
  const start = ({ sequences }: SequencesOfCapacity<Active>) =>
    Math.min(...sequences.map(({ place }) => place?.offset ?? Number.POSITIVE_INFINITY));
  return groups
    .map((group) => ({ group, start: start(group) }))
    .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
    .map(({ group }) => group);
}

/** Decoding sequences first; each keeps its slot if it can. */
function assignSlots<Active extends ActiveSequence>(sequences: readonly Active[], first: KvPlace): Active[] {
  const decodingCount = sequences.filter(({ decoding }) => decoding).length;
  const slots: Array<Active | undefined> = new Array(sequences.length).fill(undefined);
  const homeless: Active[] = [];
  for (const sequence of sequences) {
    const slot =
      sequence.place?.capacity === first.capacity ? (sequence.place.offset - first.offset) / first.capacity : -1;
    const inside =
      Number.isInteger(slot) &&
      slot >= (sequence.decoding ? 0 : decodingCount) &&
      slot < (sequence.decoding ? decodingCount : sequences.length);
    if (inside && slots[slot] === undefined) slots[slot] = sequence;
    else homeless.push(sequence);
  }
  const decoding = homeless.filter((sequence) => sequence.decoding);
  const others = homeless.filter((sequence) => !sequence.decoding);
  return slots.flatMap(
    (sequence, slot) => sequence ?? (slot < decodingCount ? decoding.shift() : others.shift()) ?? [],
  );
}

function keptTokens(kept: readonly KeptSequence[]): number {
  return kept.reduce((sum, { length }) => sum + length, 0);
}

/** Kept sequences stay where their place is free; the others go to gaps from the right, or all are packed again. */
function placeKept<Kept extends KeptSequence>(
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
  for (const sequence of staying) {
    if (free(sequence.place)) {
      keptPlaces.set(sequence, sequence.place);
      blocks.push(sequence.place);
    } else displaced.push(sequence);
  }
  for (const sequence of displaced) {
    const starts = [room.end, ...blocks.map(({ offset }) => offset)].map((end) => end - sequence.length);
    const offset = starts.sort((a, b) => b - a).find((start) => free({ offset: start, capacity: sequence.length }));
    if (offset === undefined) return { keptPlaces: packed(staying, room.end), evicted };
    const place = { offset, capacity: sequence.length };
    keptPlaces.set(sequence, place);
    blocks.push(place);
  }
  return { keptPlaces, evicted };
}

/** The newest is at the far end, so the next one to be evicted is where the groups grow. */
function packed<Kept extends KeptSequence>(sequences: readonly Kept[], end: number): Map<Kept, KvPlace> {
  const places = new Map<Kept, KvPlace>();
  let at = end;
  for (const sequence of sequences.toReversed()) {
    at -= sequence.length;
    places.set(sequence, { offset: at, capacity: sequence.length });
  }
  return places;
}
