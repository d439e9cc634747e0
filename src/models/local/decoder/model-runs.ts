import type { CacheRunner } from '../graph/cache-runner.ts';
import type { KvArena } from './kv-arena.ts';
import type { RowGroup } from './layout.ts';
import { commonPrefix } from './prefix-store.ts';
import { beginRow, followersOf, largestBatch, missingIds, type Schedule } from './schedule.ts';
import type { Sequence as Row } from './sequence.ts';

/** The model with what its runs have come to so far. */
export type ModelRuns = {
  runner: CacheRunner;
  arena: KvArena;
  steps: number;
  /** Tokens of prompts and fed sentences that were computed, and not found in the cache. */
  prefilledTokens: number;
  /** Decode steps by their rows: `[with 1 row, with 2, …]`. */
  batches: number[];
};

export function createModelRuns(runner: CacheRunner, arena: KvArena): ModelRuns {
  const batches = Array.from({ length: largestBatch }, () => 0);
  return { runner, arena, steps: 0, prefilledTokens: 0, batches };
}

/**
 * Computes up to `most` of a row's missing ids. After the last of them its driver continues, and so do the samples that
 * waited for its prompt. A failure ends the row.
 */
export async function prefill(runs: ModelRuns, schedule: Schedule, row: Row, most: number): Promise<void> {
  await orFail([row], async () => {
    const { driver, place } = row;
    if (!place) return;
    const tokens = driver.ids.slice(row.cached, row.cached + most);
    const call = { place, rows: 1, tokens, length: tokens.length, past: [row.cached], keep: 1 };
    const logits = await runs.runner.run(call);
    runs.steps += 1;
    runs.prefilledTokens += tokens.length;
    row.cached += tokens.length;
    if (missingIds(row) > 0) return;
    row.filled = true;
    for (const each of [row, ...sharePrompt(runs, schedule, row)]) continueRow(runs, each, logits, 0);
  });
}

/** Copies a computed prompt to the rows that waited for it; gives those that have no other ids. */
function sharePrompt({ arena }: ModelRuns, schedule: Schedule, row: Row): Row[] {
  const followers = followersOf(schedule, row);
  for (const follower of followers) {
    follower.leader = undefined;
    beginRow(follower, row.reused);
    // Nearly always all of it; a sample that was asked to answer meanwhile has more ids already.
    follower.cached = Math.min(row.cached, commonPrefix(row.driver.ids, follower.driver.ids));
    follower.filled = missingIds(follower) === 0;
  }
  const { place: from } = row;
  if (from) arena.move(followers.flatMap(({ place: to, cached }) => (to ? [{ from, to, length: cached }] : [])));
  return followers.filter(({ filled }) => filled);
}

/** Runs the ids that a row's driver wants to look at without keeping them. */
export async function probe(runs: ModelRuns, row: Row): Promise<void> {
  await orFail([row], async () => {
    const { driver, place } = row;
    if (!place || !driver.probe || !driver.onProbe) return;
    const tokens = driver.probe;
    const call = { place, rows: 1, tokens, length: tokens.length, past: [row.cached], keep: tokens.length };
    const logits = await runs.runner.run(call);
    runs.steps += 1;
    guarded(row, () => driver.onProbe?.(logits));
  });
}

/** One token for each row of a group. */
export async function decodeStep(runs: ModelRuns, { place, decoding: rows }: RowGroup<Row>): Promise<void> {
  await orFail(rows, async () => {
    const logits = await runs.runner.run({
      place,
      rows: rows.length,
      tokens: rows.map(({ driver, cached }) => driver.ids[cached] ?? 0),
      length: 1,
      past: rows.map(({ cached }) => cached),
      keep: 1,
    });
    runs.steps += 1;
    runs.batches[rows.length - 1] = (runs.batches[rows.length - 1] ?? 0) + 1;
    const width = logits.length / rows.length;
    rows.forEach((row, index) => {
      row.cached += 1;
      if (missingIds(row) === 0) continueRow(runs, row, logits.subarray(index * width, (index + 1) * width), index);
    });
  });
}

/** `at`: the row of the last run that the logits are of. */
function continueRow({ runner }: ModelRuns, row: Row, logits: Float32Array, at: number): void {
  if (row.driver.finished) return;
  guarded(row, () => row.driver.onLogits(logits, runner.distribution?.(at)));
}

function guarded(row: Row, work: () => void): void {
  try {
    work();
  } catch (error) {
    row.driver.fail(error);
  }
}

async function orFail(rows: readonly Row[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    // The caches of a failed run can't be trusted.
    for (const row of rows) {
      row.cached = 0;
      row.driver.fail(error);
    }
  }
}
