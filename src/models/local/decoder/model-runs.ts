import type { CacheRunner } from '../graph/cache-runner.ts';
import type { KvArena } from './kv-arena.ts';
import type { SequenceGroup } from './layout.ts';
import { commonPrefix } from './prefix-store.ts';
import { beginSequence, followersOf, largestBatch, missingIds, type Schedule } from './schedule.ts';
import type { Sequence } from './sequence.ts';

/** The model, with counts of its runs so far. */
export type ModelRuns = {
  runner: CacheRunner;
  arena: KvArena;
  steps: number;
  /** Tokens of prompts and inserted sentences that were computed, and not found in the cache. */
  prefilledTokens: number;
  /** Decode steps by their sequences: `[with 1 sequence, with 2, …]`. */
  batches: number[];
};

export function createModelRuns(runner: CacheRunner, arena: KvArena): ModelRuns {
  const batches = Array.from({ length: largestBatch }, () => 0);
  return { runner, arena, steps: 0, prefilledTokens: 0, batches };
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
    const logits = await runs.runner.run({
      place,
      rows: sequences.length,
      tokens: sequences.map(({ driver, cached }) => driver.ids[cached] ?? 0),
      length: 1,
      past: sequences.map(({ cached }) => cached),
      keep: 1,
    });
    runs.steps += 1;
    runs.batches[sequences.length - 1] = (runs.batches[sequences.length - 1] ?? 0) + 1;
    const width = logits.length / sequences.length;
    sequences.forEach((sequence, index) => {
      sequence.cached += 1;
      if (missingIds(sequence) === 0)
        continueSequence(runs, sequence, logits.subarray(index * width, (index + 1) * width), index);
    });
  });
}

/** `at`: the sequence's index in the last run. */
function continueSequence({ runner }: ModelRuns, sequence: Sequence, logits: Float32Array, at: number): void {
  if (sequence.driver.finished) return;
  guarded(sequence, () => sequence.driver.onLogits(logits, runner.distribution?.(at)));
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
