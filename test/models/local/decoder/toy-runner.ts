import type { KvArena } from '../../../../src/models/local/decoder/kv-arena.ts';
import type { CacheRunner, RunCall } from '../../../../src/models/local/graph/cache-runner.ts';
import { streamSeed } from '../../../../src/models/local/sampler.ts';
import { rawDistribution } from '../../../../src/models/local/sampler-softmax.ts';

export const toyShape = { layers: 2, kvHeads: 2, headDim: 1, cacheType: 'int8' } as const;
export const toyVocabulary = 64;

/**
 * A model whose cache is the ids themselves (id + 1, so 0 is "never written") and whose logits are a hash of all ids in it:
 * whatever goes astray in the arena changes what it says next.
 */
export function createToyRunner(arena: KvArena, hooks: { onRun?(call: RunCall): void } = {}): CacheRunner {
  /** The id that all layers and heads agree on, or -1. */
  const idAt = (start: number, capacity: number, position: number) => {
    let id: number | undefined;
    for (const buffer of arena.buffers) {
      for (let head = 0; head < toyShape.kvHeads; head += 1) {
        const value = (buffer[start * toyShape.kvHeads + head * capacity + position] ?? 0) - 1;
        if (id !== undefined && value !== id) return -1;
        id = value;
      }
    }
    return id ?? -1;
  };
  let last: Float32Array[][] = [];
  return {
    run(call) {
      hooks.onRun?.(call);
      const { place, rows, tokens, length, past, keep } = call;
      const logits = new Float32Array(rows * keep * toyVocabulary);
      for (let row = 0; row < rows; row += 1) {
        const start = place.offset + row * place.capacity;
        if ((past[row] ?? 0) + length > place.capacity) throw new Error('outgrown');
        for (let index = 0; index < length; index += 1) {
          for (const buffer of arena.buffers) {
            for (let head = 0; head < toyShape.kvHeads; head += 1) {
              buffer[start * toyShape.kvHeads + head * place.capacity + (past[row] ?? 0) + index] =
                (tokens[row * length + index] ?? 0) + 1;
            }
          }
        }
        for (let kept = 0; kept < keep; kept += 1) {
          const held = (past[row] ?? 0) + length - keep + kept + 1;
          const ids = new Array<number>(held);
          for (let position = 0; position < held; position += 1) ids[position] = idAt(start, place.capacity, position);
          logits.set(toyLogits(ids), (row * keep + kept) * toyVocabulary);
        }
      }
      last = Array.from({ length: rows }, (_, row) =>
        Array.from({ length: keep }, (_, kept) =>
          logits.slice((row * keep + kept) * toyVocabulary, (row * keep + kept + 1) * toyVocabulary),
        ),
      );
      return logits;
    },
    distribution(row, back = 0) {
      const found = last[row]?.at(-1 - back);
      return found && rawDistribution(found);
    },
    close() {},
  };
}

/** What the toy says after these ids. */
export function toyLogits(ids: readonly number[]): Float32Array {
  let state = 1;
  for (const id of ids) state = Math.imul(state ^ id, 0x01000193) ^ (state >>> 15);
  return Float32Array.from({ length: toyVocabulary }, (_, id) => (streamSeed(state, id) >>> 0) / 2 ** 30);
}

/** The ids that a greedy row must give, whatever is beside it. */
export function toyContinuation(prompt: readonly number[], count: number): number[] {
  const ids = [...prompt];
  for (let step = 0; step < count; step += 1) ids.push(greedy(toyLogits(ids)));
  return ids.slice(prompt.length);
}

export function greedy(logits: Float32Array): number {
  return logits.indexOf(Math.max(...logits));
}
