import type { KvArena } from '../decoder/kv-arena.ts';
import { rawDistribution } from '../sampler-softmax.ts';
import type { CacheRunner, RunCall } from './cache-runner.ts';
import type { GraphShape } from './graph-shape.ts';
import { fewTokens } from './quantised-graph.ts';

/** Tokens of one sequence: half of the small arena, which holds two. */
const capacity = 32;
/** A value that no cache contains throughout a head: it marks what has not been written. */
const unwritten = 99;
/** Arbitrary ids that exist in every vocabulary. */
const tokens = [5, 9, 4, 7];
const prefill: RunCall = {
  place: { offset: 0, capacity },
  rows: 1,
  tokens: tokens.slice(0, 3),
  length: 3,
  past: [0],
  keep: 1,
};
const other: RunCall = { ...prefill, place: { offset: capacity, capacity }, tokens: [8, 3], length: 2 };
const step: RunCall = { ...prefill, rows: 2, tokens: [7, 6], length: 1, past: [3, 2] };
/** Continues the first sequence with a piece that takes the other path through a graph with 8-bit caches. */
const long: RunCall = { ...prefill, tokens: [3, 8, 6, 5, 9, 4, 7, 3, 5, 8, 6, 4], length: 12, past: [4] };
/** Tokens that both sequences hold in the end. */
const lengths = [16, 3];

/**
 * Proves on an arena of 64 tokens that caches are updated in place: the buffers change only where the new tokens belong, and
 * the logits equal, bit for bit, those of a run with its own outputs. @returns what failed
 */
export async function proveInPlace(
  inPlace: CacheRunner,
  apart: CacheRunner,
  shape: GraphShape,
  arena: KvArena,
): Promise<string | undefined> {
  const compared = async (call: RunCall) => {
    const plain = (await apart.run(call)).slice();
    const own = await inPlace.run(call);
    if (plain.some((logit, index) => logit !== own[index])) throw new Error('the caches in place change the logits');
    const told = inPlace.distribution?.(0);
    const { max, logSumExp } = rawDistribution(own.subarray(0, shape.vocabularySize));
    if (told && (told.max !== max || Math.abs(told.logSumExp - logSumExp) > 1e-3))
      throw new Error('its logits are summed up wrongly');
    return own;
  };
  // Each run reads all weights, so the same ones serve both proofs.
  const run = (call: RunCall) => ([prefill, other, step, long].includes(call) ? compared(call) : inPlace.run(call));
  return proveSteps({ run, close() {} }, shape, arena);
}

/**
 * Proves that the graph treats its cache as the loop needs it: padded to a capacity, written after the past, sequences of
 * different lengths in one run, and a token that is run with a past like one in a whole prompt.
 */
export async function proveSteps(runner: CacheRunner, shape: GraphShape, arena: KvArena): Promise<string | undefined> {
  try {
    for (const buffer of arena.buffers) buffer.fill(unwritten);
    await runner.run(prefill);
    await runner.run(other);
    const stepped = (await runner.run(step)).slice(0, shape.vocabularySize);
    await runner.run(long);
    for (const buffer of arena.buffers) {
      for (const [row, length] of lengths.entries()) {
        for (let position = 0; position < capacity; position += 1) {
          const start = (row * shape.kvHeads * capacity + position) * shape.headDim;
          const written = buffer.subarray(start, start + shape.headDim).some((value) => value !== unwritten);
          if (written !== position < length) return 'it does not write its cache after the past';
        }
      }
    }
    const whole = await runner.run({ ...prefill, tokens, length: tokens.length });
    let distance = 0;
    let spread = 0;
    for (const [id, logit] of stepped.entries()) {
      distance = Math.max(distance, Math.abs(logit - (whole[id] ?? 0)));
      spread = Math.max(spread, Math.abs(logit));
    }
    // Kernels round differently by the number of positions; a wrong position or mask shifts logits by whole units.
    return distance <= 0.02 * spread ? undefined : 'a step with a past gives other logits than the whole prompt';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Whether several new tokens in one run give, bit for bit, the logits and caches of runs of one token each. That depends on
 * the processor: onnxruntime chooses its kernels by it, and by the number of tokens.
 */
export async function equalTogether(runner: CacheRunner, shape: GraphShape, arena: KvArena): Promise<boolean> {
  // 32-bit attention multiplies all new tokens at once, and rounds otherwise in a long context than in this short one.
  if (shape.cacheType !== 'int8') return false;
  await runner.run(prefill);
  const past = prefill.length;
  const ids = long.tokens.slice(0, fewTokens);
  const single: Float32Array[] = [];
  for (const [index, id] of ids.entries()) {
    single.push((await runner.run({ ...prefill, tokens: [id], length: 1, past: [past + index] })).slice());
  }
  const caches = arena.buffers.map((buffer) => buffer.slice());
  // Kernels take rows in blocks of four, two or one.
  for (const length of [3, fewTokens]) {
    const run = { ...prefill, tokens: ids.slice(0, length), length, past: [past], keep: length };
    const logits = await runner.run(run);
    if (
      logits.some((logit, at) => logit !== single[Math.floor(at / shape.vocabularySize)]?.[at % shape.vocabularySize])
    )
      return false;
  }
  return arena.buffers.every((buffer, index) => buffer.every((value, at) => value === caches[index]?.[at]));
}
