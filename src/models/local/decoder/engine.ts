import { setImmediate } from 'node:timers/promises';
import type { CacheRunner } from '../graph/cache-runner.ts';
import { fewTokens } from '../graph/quantised-graph.ts';
import type { KvArena } from './kv-arena.ts';
import { createModelRuns, decodeAhead, decodeStep, type ModelRuns, prefill, probe } from './model-runs.ts';
import { createPrefixStore, ended, type SequenceCache } from './prefix-store.ts';
import {
  admitWaiting,
  type CacheMemory,
  createSchedule,
  dropFinished,
  growSequences,
  missingIds,
  type Schedule,
  startDecoding,
} from './schedule.ts';
import { fits, type Sequence, type SequenceDriver, sequencesOf } from './sequence.ts';
import { createRunCosts, createSpeculation, type Speculation } from './speculation.ts';

/** Prompt tokens computed between two decode steps: fewer while other sequences wait for theirs. */
const chunk = { alone: 256, amidOthers: 64, deterministic: 128 };
/**
 * In a group of this many sequences, a few inserted ids of one are run with the group's decode steps, one in each. A run of
 * their own would delay the others and cost more than the ids do within the batch.
 */
const goingAlong = { sequences: 3, ids: 8 };
/** The most turns in a row without a run: one happens when sequences end. */
const mostIdle = 16;
/** Tokens that a sequence first has room for beyond its prompt: most thoughts and answers are shorter. */
const usualAnswer = 512;

/** The decode loop over all sequences of all requests. */
export type Engine = {
  /** Tokens of cache that one sequence can have at most. */
  readonly largestSequence: number;
  /**
   * Adds sequences of one request, which share one prompt: the first one's prefill serves all. `alone`: each of them runs by
   * itself, from a cold cache, so that nothing else affects its rounding. `cache`: which other calls' sequences they may start
   * from, and which may start from them; absent: none. A sequence is removed when its driver has finished.
   */
  add(drivers: readonly SequenceDriver[], options: { alone: boolean; cache?: SequenceCache | undefined }): void;
  /** A response has ended: only the owner's prompts of its sequences are kept. */
  forget(response: string): void;
  readonly stats: EngineStats;
  /** Fails all sequences with `reason` and waits for the step in progress. */
  close(reason: unknown): Promise<void>;
};

export type EngineStats = {
  running: number;
  waiting: number;
  keptRows: number;
  usedTokens: number;
  tokens: number;
  steps: number;
  /** Tokens of prompts and inserted sentences that were computed, and not found in the cache. */
  prefilledTokens: number;
  /** Decode steps by their sequences: `[with 1 sequence, with 2, …]`. */
  batches: readonly number[];
  /** Ids that were run before they were drawn, and those of them that were then drawn or inserted. */
  guessed: number;
  accepted: number;
};

type State = {
  schedule: Schedule;
  memory: CacheMemory;
  runs: ModelRuns;
  speculation: Speculation | undefined;
  turn: number;
};

/** `speculates`: false runs only ids that are certain, for comparison. */
export function createEngine(options: {
  runner: CacheRunner;
  arena: KvArena;
  headroom?: number;
  speculates?: boolean;
}): Engine {
  const { runner, arena } = options;
  const limits = { largest: arena.tokens, headroom: options.headroom ?? usualAnswer };
  const memory: CacheMemory = { arena, store: createPrefixStore(), limits };
  const schedule = createSchedule();
  const costs = createRunCosts();
  const state: State = {
    schedule,
    memory,
    runs: createModelRuns(runner, arena, costs),
    speculation: options.speculates === false ? undefined : createSpeculation(costs),
    turn: 0,
  };
  const loop = createDecodeLoop({
    sequences: schedule,
    step: () => step(state),
    count: () => state.runs.steps,
    dropFinished: () => dropFinished(schedule, memory),
  });
  return {
    largestSequence: arena.tokens,
    forget(response) {
      // A cancelled sequence is removed, and its cache stored, a step later.
      for (const sequence of [...schedule.waiting, ...schedule.running]) {
        if (sequence.cache?.response === response) sequence.cache = ended(sequence.cache);
      }
      memory.store.forget(response);
    },
    add(drivers, { alone, cache }) {
      loop.add(drivers, () => schedule.waiting.push(...sequencesOf(drivers, { alone, cache, ...limits })));
    },
    get stats() {
      return statsOf(state);
    },
    async close(reason) {
      await loop.close(reason);
      memory.store.clear();
      runner.close();
    },
  };
}

/**
 * The loop that an engine's sequences run in: it begins with the first that is added, and ends when there are none. A step
 * that fails ends all of them, and the loop goes on with what comes next.
 */
export function createDecodeLoop(parts: {
  sequences: { running: readonly { driver: SequenceDriver }[]; waiting: readonly { driver: SequenceDriver }[] };
  step(): Promise<void>;
  /** Runs of the model so far. */
  count(): number;
  dropFinished(): void;
}) {
  const { sequences, step, count, dropFinished } = parts;
  let loop: Promise<void> | undefined;
  let closed: { reason: unknown } | undefined;
  const failAll = (reason: unknown): void => {
    for (const { driver } of [...sequences.running, ...sequences.waiting]) if (!driver.finished) driver.fail(reason);
  };
  const run = async (): Promise<void> => {
    let idle = 0;
    while (closed === undefined && (sequences.running.length > 0 || sequences.waiting.length > 0)) {
      const before = count();
      try {
        await step();
        idle = count() === before ? idle + 1 : 0;
        // This must not happen, but a loop without progress would hang its callers and occupy a processor core.
        if (idle > mostIdle) throw new Error('the decode loop makes no progress');
      } catch (error) {
        idle = 0;
        failAll(error);
      }
      // Lets messages from outside (a cancel) arrive between steps.
      await setImmediate();
    }
    dropFinished();
    loop = undefined;
  };
  return {
    /** `enqueue` puts them among the waiting; where the loop is closed, they fail instead. */
    add(drivers: readonly SequenceDriver[], enqueue: () => void): void {
      if (closed) {
        for (const driver of drivers) driver.fail(closed.reason);
        return;
      }
      enqueue();
      loop ??= run();
    },
    /** Fails what there is, and resolves when the loop has ended. */
    async close(reason: unknown): Promise<void> {
      closed = { reason };
      failAll(reason);
      await loop;
    },
  };
}

/** Runs inserted sentences of decoding sequences, one probe, one piece of one prompt, then the next tokens of every decoding sequence. */
async function step(state: State): Promise<void> {
  const { schedule, memory, runs } = state;
  dropFinished(schedule, memory);
  admitWaiting(schedule, memory);
  growSequences(schedule, memory);
  // Inserted sentences are short and run immediately, so that their sequence stays in its group.
  for (const sequence of schedule.running.filter(({ decoding }) => decoding)) {
    while (!sequence.driver.finished && missingIds(sequence) > 1 && fits(sequence) && !goesAlong(schedule, sequence)) {
      const planned = missingIds(sequence) <= fewTokens ? plan(state, [sequence])?.[0] : undefined;
      await (planned ? decodeAhead(runs, planned) : prefill(runs, schedule, sequence, chunk.amidOthers));
    }
  }
  const probing = schedule.running.find(({ driver }) => !driver.finished && driver.probe);
  if (probing) await probe(runs, probing);
  const next = nextToFill(state);
  if (next) await prefill(runs, schedule, next, chunkFor(schedule, next));
  dropFinished(schedule, memory);
  growSequences(schedule, memory);
  startDecoding(schedule, memory);
  for (const group of schedule.groups) {
    const guesses = plan(state, group.decoding);
    if (guesses?.some(({ guess }) => guess.length > 0)) {
      for (const guessed of guesses) await decodeAhead(runs, guessed);
    } else if (group.decoding.length > 0) await decodeStep(runs, group);
  }
}

function plan({ speculation, schedule: { running }, memory: { store } }: State, sequences: readonly Sequence[]) {
  return speculation?.plan(sequences, { running, store });
}

/** Few ids are missing, and the sequence decodes in a group of several. */
function goesAlong({ groups }: Schedule, sequence: Sequence): boolean {
  return (
    missingIds(sequence) <= goingAlong.ids &&
    groups.some(({ decoding }) => decoding.length >= goingAlong.sequences && decoding.includes(sequence))
  );
}

/** The sequences whose prompt is being computed take turns. */
function nextToFill(state: State): Sequence | undefined {
  const filling = state.schedule.running.filter(
    (sequence) => !sequence.decoding && !sequence.leader && !sequence.driver.finished && missingIds(sequence) > 0,
  );
  const next = filling[state.turn % Math.max(1, filling.length)];
  state.turn += 1;
  return next;
}

function chunkFor({ running }: Schedule, sequence: Sequence): number {
  if (sequence.alone) return chunk.deterministic;
  return running.some(({ decoding }) => decoding) ? chunk.amidOthers : chunk.alone;
}

function statsOf({ schedule: { running, waiting }, memory: { arena, store }, runs }: State): EngineStats {
  return {
    running: running.filter(({ driver }) => !driver.finished).length,
    waiting: waiting.length,
    keptRows: store.sequences.length,
    usedTokens:
      running.reduce((sum, { room }) => sum + room, 0) + store.sequences.reduce((sum, { length }) => sum + length, 0),
    tokens: arena.tokens,
    steps: runs.steps,
    prefilledTokens: runs.prefilledTokens,
    batches: [...runs.batches],
    guessed: runs.guessed,
    accepted: runs.accepted,
  };
}
