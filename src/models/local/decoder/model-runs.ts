import type { CacheRunner, RunCall } from '../graph/cache-runner.ts';
import type { KvArena } from './kv-arena.ts';
import type { SequenceGroup } from './layout.ts';
import { commonPrefix } from './prefix-store.ts';
import { beginSequence, followersOf, largestBatch, missingIds, type Schedule } from './schedule.ts';
import type { Sequence } from './sequence.ts';
import type { Guessed, RunCosts } from './speculation.ts';

/** The model, with counts of its runs so far. */
export type ModelRuns = {
  runner: CacheRunner;
  arena: KvArena;
  /** Learns from the decode steps. */
  costs: RunCosts;
  steps: number;
  /** Tokens of prompts and inserted sentences that were computed, and not found in the cache. */
  prefilledTokens: number;
  /** Decode steps by their sequences: `[with 1 sequence, with 2, …]`. */
  batches: number[];
  /** Ids that were run as a guess, and those of them that came. */
  guessed: number;
  accepted: number;
};

export function createModelRuns(runner: CacheRunner, arena: KvArena, costs: RunCosts): ModelRuns {
  const batches = Array.from({ length: largestBatch }, () => 0);
  return { runner, arena, costs, steps: 0, prefilledTokens: 0, batches, guessed: 0, accepted: 0 };
}

/**
 * Computes up to `most` of a sequence's missing ids. After the last of them, its driver continues, and so do the samples
 * that waited for its prompt. A failure ends the sequence.
 */
export async function prefill(runs: ModelRuns, schedule: Schedule, sequence: Sequence, most: number): Promise<void> {
  await orFail([sequence], async () => {
    const { driver, place } = sequence;
    if (!place) return;
    const tokens = driver.ids.slice(sequence.cached, sequence.cached + most);
    const call = { place, rows: 1, tokens, length: tokens.length, past: [sequence.cached], keep: 1 };
    const logits = await runs.runner.run(call);
    runs.steps += 1;
    runs.prefilledTokens += tokens.length;
    sequence.cached += tokens.length;
    if (missingIds(sequence) > 0) return;
    sequence.filled = true;
    for (const each of [sequence, ...sharePrompt(runs, schedule, sequence)]) continueSequence(runs, each, logits, 0);
  });
}

/** Copies a computed prompt to the sequences that waited for it. @returns those that have no other ids */
function sharePrompt({ arena }: ModelRuns, schedule: Schedule, sequence: Sequence): Sequence[] {
  const followers = followersOf(schedule, sequence);
  for (const follower of followers) {
    follower.leader = undefined;
    beginSequence(follower, sequence.reused);
    // Nearly always the whole prompt; a sample that was asked to answer now has different or more ids.
    follower.cached = Math.min(sequence.cached, commonPrefix(sequence.driver.ids, follower.driver.ids));
    follower.filled = missingIds(follower) === 0;
  }
  const { place: from } = sequence;
  if (from) arena.move(followers.flatMap(({ place: to, cached }) => (to ? [{ from, to, length: cached }] : [])));
  return followers.filter(({ filled }) => filled);
}

/** Runs ids whose logits a sequence's driver wants, without keeping them in the cache. */
export async function probe(runs: ModelRuns, sequence: Sequence): Promise<void> {
  await orFail([sequence], async () => {
    const { driver, place } = sequence;
    if (!place || !driver.probe || !driver.onProbe) return;
    const tokens = driver.probe;
    const call = { place, rows: 1, tokens, length: tokens.length, past: [sequence.cached], keep: tokens.length };
    const logits = await runs.runner.run(call);
    runs.steps += 1;
    guarded(sequence, () => driver.onProbe?.(logits));
  });
}

/** One token for each sequence of a group. */
export async function decodeStep(
  runs: ModelRuns,
  { place, decoding: sequences }: SequenceGroup<Sequence>,
): Promise<void> {
  await orFail(sequences, async () => {
    const logits = await timedRun(runs, {
      place,
      rows: sequences.length,
      tokens: sequences.map(({ driver, cached }) => driver.ids[cached] ?? 0),
      length: 1,
      past: sequences.map(({ cached }) => cached),
      keep: 1,
    });
    countStep(runs, sequences.length);
    const width = logits.length / sequences.length;
    sequences.forEach((sequence, index) => {
      sequence.cached += 1;
      if (missingIds(sequence) === 0)
        continueSequence(runs, sequence, logits.subarray(index * width, (index + 1) * width), index);
    });
  });
}

/**
 * Runs a decoding sequence's missing ids with a guess of what follows. Its driver continues after each of them in order, as if
 * they had been run one by one, for as long as its ids are the guessed ones. The others remain in the cache, beyond what
 * counts, and are written over.
 */
export async function decodeAhead(runs: ModelRuns, { sequence, guess }: Guessed): Promise<void> {
  await orFail([sequence], async () => {
    const { driver, place, cached } = sequence;
    if (!place) return;
    const missing = driver.ids.slice(cached);
    const tokens = [...missing, ...guess];
    const keep = guess.length + 1;
    const logits = await timedRun(runs, { place, rows: 1, tokens, length: tokens.length, past: [cached], keep });
    countStep(runs, 1);
    if (missing.length > 1) runs.prefilledTokens += missing.length;
    runs.guessed += guess.length;
    const width = logits.length / keep;
    sequence.cached += missing.length;
    for (let at = 0; at < keep && !driver.finished; at += 1) {
      if (at > 0) {
        if (driver.ids[sequence.cached] !== guess[at - 1]) break;
        sequence.cached += 1;
        runs.accepted += 1;
      }
      // After an inserted value, the ids in front of its last one have no logits to draw from.
      if (missingIds(sequence) > 0) continue;
      continueSequence(runs, sequence, logits.subarray(at * width, (at + 1) * width), 0, guess.length - at);
    }
  });
}

async function timedRun({ runner, costs }: ModelRuns, call: RunCall): Promise<Float32Array> {
  const startedAt = performance.now();
  const logits = await runner.run(call);
  costs.observe({ rows: call.rows, length: call.length, past: Math.max(...call.past) }, performance.now() - startedAt);
  return logits;
}

function countStep(runs: ModelRuns, sequences: number): void {
  runs.steps += 1;
  runs.batches[sequences - 1] = (runs.batches[sequences - 1] ?? 0) + 1;
}

/** `at`: the sequence's index in the last run; `back`: how many of its positions in that run follow the one of `logits`. */
function continueSequence({ runner }: ModelRuns, sequence: Sequence, logits: Float32Array, at: number, back = 0): void {
  if (sequence.driver.finished) return;
  guarded(sequence, () => sequence.driver.onLogits(logits, runner.distribution?.(at, back)));
}

function guarded(sequence: Sequence, work: () => void): void {
  try {
    work();
  } catch (error) {
    sequence.driver.fail(error);
  }
}

async function orFail(sequences: readonly Sequence[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    // The caches of a failed run can't be trusted.
    for (const sequence of sequences) {
      sequence.cached = 0;
      sequence.driver.fail(error);
    }
  }
}
