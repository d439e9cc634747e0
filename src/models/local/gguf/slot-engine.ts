import { createDecodeLoop, type Engine, type EngineStats } from '../decoder/engine.ts';
import { ended, longestPrefix, type SequenceCache, shareable } from '../decoder/prefix-store.ts';
import { admit, type SequenceDriver } from '../decoder/sequence.ts';
import type { RawDistribution } from '../sampler-softmax.ts';
import type { LlamaRunner, ReadLogits } from './llama-library.ts';

/** Prompt tokens computed in one step: fewer while other rows decode. As the decoder's, so that cancels are heard as soon. */
const chunk = { alone: 256, amidOthers: 64, deterministic: 128 };

/** A sequence of llama.cpp's cache: the row that runs in it, or what it still holds of an ended one. */
type Slot = {
  sequence: number;
  ids: readonly number[];
  /** Of `ids`, those whose keys and values are here. */
  length: number;
  cache: SequenceCache | undefined;
  row: Row | undefined;
  /** The turn in which it was last used. */
  used: number;
};

type Row = {
  driver: SequenceDriver;
  /** Rows of one request share it. */
  request: object;
  alone: boolean;
  cache: SequenceCache | undefined;
  slot: Slot | undefined;
  /** Its first ids are all computed, and its driver has continued from them. */
  filled: boolean;
  room: number;
  passed: number;
};

type State = {
  runner: LlamaRunner;
  slots: readonly Slot[];
  waiting: Row[];
  running: Row[];
  /** Of each request, the ids that its first row found in the cache. */
  reused: WeakMap<object, number>;
  /** [vocabulary], minus infinity between two uses. */
  scratch: Float32Array;
  turn: number;
  steps: number;
  prefilledTokens: number;
  batches: number[];
};

/**
 * The decode loop over llama.cpp: a row has one of its sequences, whose keys and values stay there when the row ends, until
 * another row needs the place. Everything about thoughts and answers is the drivers', as in the decoder over ONNX.
 */
export function createSlotEngine(runner: LlamaRunner, vocabularySize: number): Engine {
  const state: State = {
    runner,
    slots: Array.from({ length: runner.sequences }, (_, sequence) => emptySlot(sequence)),
    waiting: [],
    running: [],
    reused: new WeakMap(),
    scratch: new Float32Array(vocabularySize).fill(Number.NEGATIVE_INFINITY),
    turn: 0,
    steps: 0,
    prefilledTokens: 0,
    batches: Array.from({ length: runner.sequences }, () => 0),
  };
  const loop = createDecodeLoop({
    sequences: state,
    step: () => step(state),
    count: () => state.steps,
    dropFinished: () => dropFinished(state),
  });
  return {
    largestSequence: runner.contextLength,
    add(drivers, { alone, cache }) {
      loop.add(drivers, () => {
        const request = {};
        for (const driver of drivers) {
          state.waiting.push({ driver, request, alone, cache, slot: undefined, filled: false, room: 1, passed: 0 });
        }
      });
    },
    forget(response) {
      for (const row of [...state.waiting, ...state.running]) {
        if (row.cache?.response === response) row.cache = ended(row.cache);
      }
      for (const slot of state.slots) if (slot.row === undefined && slot.cache?.response === response) forgetSlot(slot);
    },
    get stats() {
      return statsOf(state);
    },
    close: loop.close,
  };
}

function statsOf(state: State): EngineStats {
  const { runner, slots } = state;
  return {
    running: state.running.filter(({ driver }) => !driver.finished).length,
    waiting: state.waiting.length,
    keptRows: slots.filter(({ row, length }) => row === undefined && length > 0).length,
    usedTokens: slots.reduce((sum, { length }) => sum + length, 0),
    tokens: runner.sequences * runner.contextLength,
    steps: state.steps,
    prefilledTokens: state.prefilledTokens,
    batches: [...state.batches],
    guessed: 0,
    accepted: 0,
  };
}

function emptySlot(sequence: number): Slot {
  return { sequence, ids: [], length: 0, cache: undefined, row: undefined, used: 0 };
}

/** Of an ended response only the owner's prompt stays. */
function forgetSlot(slot: Slot): void {
  if (slot.cache === undefined) return;
  slot.cache = ended(slot.cache);
  slot.length = Math.min(slot.length, slot.cache.own);
}

async function step(state: State): Promise<void> {
  dropFinished(state);
  await admitWaiting(state);
  for (const row of state.running) if (!row.driver.finished && row.driver.probe) await probe(state, row);
  for (const row of state.running.filter(({ alone }) => alone)) await decode(state, [row]);
  await decode(
    state,
    state.running.filter(({ alone }) => !alone),
  );
}

/** Lets finished rows go; their slots keep what others may start from. */
function dropFinished(state: State): void {
  for (const row of state.running) {
    const { slot, driver, alone, cache } = row;
    if (!driver.finished || slot === undefined) continue;
    slot.row = undefined;
    slot.used = state.turn;
    slot.ids = [...driver.ids];
    slot.cache = alone ? undefined : cache;
    if (slot.cache === undefined) slot.length = 0;
    else if (slot.cache.response === undefined) forgetSlot(slot);
    row.slot = undefined;
  }
  state.running = state.running.filter(({ driver }) => !driver.finished);
  state.waiting = state.waiting.filter(({ driver }) => !driver.finished);
}

/** Gives waiting rows the free slots. The samples of a request wait until its first one has the prompt computed. */
async function admitWaiting(state: State): Promise<void> {
  while (true) {
    const free = state.slots.filter(({ row }) => row === undefined);
    const ready = state.waiting.filter(
      (row) => row.alone || !state.running.some((other) => other.request === row.request && !other.filled),
    );
    const [row] = admit(ready, {
      free: free.length,
      slots: free.length,
      running: (request) => state.running.filter((other) => other.request === request).length,
    });
    if (row === undefined) return;
    state.waiting = state.waiting.filter((other) => other !== row);
    await place(state, row, free).catch((error: unknown) => row.driver.fail(error));
  }
}

/** The slot that begins like the row, if that is free; else the one unused for longest, with a copy of that beginning. */
async function place(state: State, row: Row, free: readonly Slot[]): Promise<void> {
  const { runner } = state;
  const found = row.alone ? undefined : longestPrefix(row.driver.ids, beginnings(state, row));
  const source = found?.sequence.slot;
  const [oldest] = [...free].sort((a, b) => Number(a.length > 0) - Number(b.length > 0) || a.used - b.used);
  const slot = source && free.includes(source) ? source : oldest;
  if (slot === undefined) return;
  let length = found?.length ?? 0;
  if (source && source !== slot) {
    // What a failed copy leaves there can't be trusted.
    slot.length = 0;
    await runner.copy(source.sequence, slot.sequence);
  }
  if (!runner.truncate(slot.sequence, length)) length = 0;
  Object.assign(slot, { ids: row.driver.ids, length, cache: row.cache, row, used: state.turn });
  row.slot = slot;
  state.running.push(row);
  // The samples behind the first one report what it found: the prompt is computed once.
  const reused = state.reused.get(row.request) ?? length;
  if (!row.alone) state.reused.set(row.request, reused);
  row.driver.onCached(row.alone ? 0 : reused);
}

type Beginning = { ids: readonly number[]; length: number; cache: SequenceCache; slot: Slot };

/** What the row may start from: by its scope, and the rows of its own request in any case. */
function beginnings({ slots }: State, row: Row): Array<Omit<Beginning, 'cache'>> {
  const scoped: Beginning[] = [];
  const own: Array<Omit<Beginning, 'cache'>> = [];
  for (const slot of slots) {
    if (slot.row?.alone) continue;
    const { ids, length } = slot;
    const cache = slot.row ? slot.row.cache : slot.cache;
    if (slot.row?.request === row.request) own.push({ ids, length, slot });
    else if (cache) scoped.push({ ids, length, cache, slot });
  }
  return [...own, ...shareable(scoped, row.cache)];
}

/** One call for all these rows: what those that decode miss, and a piece of one prompt. */
async function decode(state: State, rows: readonly Row[]): Promise<void> {
  const parts = rows.flatMap((row) => (row.driver.finished || !row.slot ? [] : [{ row, slot: row.slot }]));
  const prompts = parts.filter(({ row }) => !row.filled);
  const filling = prompts[state.turn % Math.max(1, prompts.length)];
  const others = parts.length > prompts.length;
  state.turn += 1;
  const taken = parts.flatMap(({ row, slot }) => {
    if (!row.filled && row !== filling?.row) return [];
    const most = row.filled
      ? chunk.amidOthers
      : row.alone
        ? chunk.deterministic
        : chunk[others ? 'amidOthers' : 'alone'];
    const ids = row.driver.ids.slice(slot.length, slot.length + most);
    const last = slot.length + ids.length === row.driver.ids.length;
    return ids.length === 0 ? [] : [{ row, slot, ids, last }];
  });
  if (taken.length === 0) return;
  try {
    const places = await state.runner.decode(
      taken.map(({ slot, ids, last }) => ({
        sequence: slot.sequence,
        from: slot.length,
        ids,
        logitsOf: last ? [ids.length - 1] : [],
      })),
    );
    state.steps += 1;
    state.batches[taken.length - 1] = (state.batches[taken.length - 1] ?? 0) + 1;
    const read = await Promise.all(
      taken.map(async ({ row }, index) => {
        const [place] = places[index] ?? [];
        return place === undefined ? undefined : state.runner.read(place, row.driver.needs ?? [], index);
      }),
    );
    taken.forEach(({ row, slot, ids }, index) => {
      slot.length += ids.length;
      if (!row.filled || ids.length > 1) state.prefilledTokens += ids.length;
      const logits = read[index];
      if (logits === undefined) return;
      // Computed again: the driver has had these, and waits for its probe.
      const isKnown = row.filled && row.driver.probe !== undefined;
      row.filled = true;
      if (!row.driver.finished && !isKnown)
        guarded(row, () => withLogits(state.scratch, logits, (given, raw) => row.driver.onLogits(given, raw)));
    });
  } catch (error) {
    for (const { row, slot } of taken) {
      // What a failed call left in the cache can't be trusted.
      slot.length = 0;
      row.driver.fail(error);
    }
  }
}

/** Runs the ids that a driver wants to look at without keeping them. */
async function probe(state: State, row: Row): Promise<void> {
  const { driver, slot } = row;
  const ids = driver.probe;
  if (ids === undefined || slot === undefined || slot.length < driver.ids.length) return;
  const { runner, scratch } = state;
  const all = new Float32Array(ids.length * scratch.length).fill(Number.NEGATIVE_INFINITY);
  try {
    for (let start = 0; start < ids.length; start += chunk.alone) {
      const part = ids.slice(start, start + chunk.alone);
      const [places = []] = await runner.decode([
        { sequence: slot.sequence, from: slot.length + start, ids: part, logitsOf: [...part.keys()] },
      ]);
      state.steps += 1;
      for (const [index, place] of places.entries()) {
        const { pairs } = await runner.read(place, 'all', 0);
        const position = all.subarray((start + index) * scratch.length, (start + index + 1) * scratch.length);
        for (let at = 0; at < pairs.length; at += 2) position[pairs[at] ?? 0] = pairs[at + 1] ?? 0;
      }
    }
    if (!runner.truncate(slot.sequence, slot.length)) slot.length = 0;
    guarded(row, () => driver.onProbe?.(all));
  } catch (error) {
    slot.length = 0;
    driver.fail(error);
  }
}

/** Lays what was read out as logits [vocabulary] for one call. */
function withLogits(
  scratch: Float32Array,
  { pairs, logSumExp }: ReadLogits,
  take: (logits: Float32Array, raw?: RawDistribution) => void,
): void {
  const known = logSumExp !== undefined && { max: pairs[1] ?? 0, logSumExp, selfCertainty: Number.NaN, partial: true };
  for (let at = 0; at < pairs.length; at += 2) scratch[pairs[at] ?? 0] = pairs[at + 1] ?? 0;
  try {
    take(scratch, known || undefined);
  } finally {
    for (let at = 0; at < pairs.length; at += 2) scratch[pairs[at] ?? 0] = Number.NEGATIVE_INFINITY;
  }
}

function guarded({ driver }: Row, work: () => void): void {
  try {
    work();
  } catch (error) {
    driver.fail(error);
  }
}
