import type { KvArena } from '../decoder/kv-arena.ts';
import { rawDistribution } from '../sampler-softmax.ts';
import type { CacheRunner } from './cache-runner.ts';
import type { GraphShape } from './graph-shape.ts';

/** The text on which keys and values are measured: a mixture of questions and thoughts, so that every head is active. */
export const calibrationText = `Anna has 3 boxes with 12 pencils each. She gives 7 to Tom and buys 1,250 more. How many has she now?

3 x 12 = 36. 36 - 7 = 29. 29 + 1250 = 1279. Check: 1279 - 1250 = 29. So the answer is 1279.

The old lighthouse keeper climbed the stairs every evening. "Somebody may still be out there," he said; his daughter only smiled.

6 CO2 + 6 H2O -> C6H12O6 + 6 O2, first described in 1779.

function median(values) { return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]; }

{"name": "Zürich", "population": 443037, "tags": ["city"], "twin": null}

- How many r's are in "strawberry"? s, t, r (1), a, w, b, e, r (2), r (3), y: three.
- If today is Wednesday, 25 days from now it is Sunday.

Wir gehen morgen ins Kino. Il fait beau aujourd'hui. 今日は天気がいいです。 Погода хорошая.

Wait, let me think again. Some animals are black, but the black ones may all be dogs.`;

/** Tokens of consecutive runs, repeated: long and short runs take different paths through an 8-bit graph. */
const pieces = [64, 8, 8, 8, 8, 8, 8, 8, 8];
/** Margin above the largest measured value; larger values are clipped. */
const margin = 1.15;

/** A model's most likely token at each position of a text, with its log-probability. */
export type Likeliest = { id: number; logProbability: number };

/** Runs a text as one sequence of an arena of its length. @returns the most likely token after each of its tokens */
export async function likeliestTokens(
  runner: CacheRunner,
  { vocabularySize }: Pick<GraphShape, 'vocabularySize'>,
  ids: readonly number[],
): Promise<Likeliest[]> {
  const found: Likeliest[] = [];
  await eachLogits(runner, vocabularySize, ids, ({ logits, logSumExp }) => {
    let id = 0;
    for (let index = 1; index < logits.length; index += 1) if ((logits[index] ?? 0) > (logits[id] ?? 0)) id = index;
    found.push({ id, logProbability: (logits[id] ?? 0) - logSumExp });
  });
  return found;
}

/** How far another graph is from these, for the same text and tokens. Mean, in nats. */
export async function driftFrom(
  expected: readonly Likeliest[],
  runner: CacheRunner,
  { vocabularySize }: Pick<GraphShape, 'vocabularySize'>,
  ids: readonly number[],
): Promise<number> {
  let sum = 0;
  await eachLogits(runner, vocabularySize, ids, ({ logits, logSumExp, position }) => {
    const { id, logProbability } = expected[position] ?? { id: 0, logProbability: 0 };
    sum += Math.abs((logits[id] ?? 0) - logSumExp - logProbability);
  });
  return sum / ids.length;
}

/**
 * The quantisation step of each 8-bit cache, from a text in the arena, in the order of the arena's buffers.
 * @throws Error if a cache is empty
 */
export function scalesOf(arena: KvArena): number[] {
  return arena.buffers.map((buffer) => {
    let largest = 0;
    for (const value of buffer) largest = Math.max(largest, Math.abs(value));
    if (!(largest > 0 && Number.isFinite(largest))) throw new Error('one of its caches is empty after a text');
    return Math.fround((largest * margin) / 127);
  });
}

async function eachLogits(
  runner: CacheRunner,
  width: number,
  ids: readonly number[],
  take: (at: { logits: Float32Array; logSumExp: number; position: number }) => void,
): Promise<void> {
  const place = { offset: 0, capacity: ids.length };
  let past = 0;
  for (let run = 0; past < ids.length; run += 1) {
    const tokens = ids.slice(past, past + (pieces[run % pieces.length] ?? 1));
    const logits = await runner.run({
      place,
      rows: 1,
      tokens,
      length: tokens.length,
      past: [past],
      keep: tokens.length,
    });
    for (let index = 0; index < tokens.length; index += 1) {
      const own = logits.subarray(index * width, (index + 1) * width);
      const { logSumExp } = runner.distribution?.(0, tokens.length - 1 - index) ?? rawDistribution(own);
      take({ logits: own, logSumExp, position: past + index });
    }
    past += tokens.length;
  }
}
