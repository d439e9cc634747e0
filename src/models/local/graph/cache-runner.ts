import type { KvPlace } from '../decoder/kv-arena.ts';
import type { RawDistribution } from '../sampler-softmax.ts';

/** One forward pass over neighbouring sequences of one capacity in the arena; each is a row of the batch. */
export type RunCall = {
  /** The first row's place; the others follow it. */
  place: KvPlace;
  rows: number;
  /** [rows, length] ids, row after row. More than one per row only if there is a single row (GroupQueryAttention with a past). */
  tokens: readonly number[];
  length: number;
  /** Tokens already in each row's cache; the new ones are written after them. */
  past: readonly number[];
  /** For how many last positions logits are returned, 1 to `length`. */
  keep: number;
};

/** Runs the model on one arena. */
export type CacheRunner = {
  /** Logits [rows, keep, vocabulary], valid until the next call. The rows' caches then contain the new tokens. */
  run(call: RunCall): Float32Array | Promise<Float32Array>;
  /** The distribution of a row's logits in the last call, if the graph computes it; `back`: positions before its last one. */
  distribution?(row: number, back?: number): RawDistribution | undefined;
  close(): void;
};

/** The inputs other than the caches, in buffers that grow and are reused. */
export type RunInputs = {
  ids: BigInt64Array;
  /** [rows, capacity]: 1 up to the last new token. Padded to the capacity, which makes the graph keep the buffer. */
  mask: BigInt64Array;
  positions: BigInt64Array;
  keep: BigInt64Array;
};

export function createRunInputs(): RunInputs & { fill(call: RunCall): void } {
  const inputs = {
    ids: new BigInt64Array(0),
    mask: new BigInt64Array(0),
    positions: new BigInt64Array(0),
    keep: new BigInt64Array(1),
    fill({ place, rows, tokens, length, past, keep }: RunCall) {
      const { capacity } = place;
      if (inputs.ids.length < rows * length) {
        inputs.ids = new BigInt64Array(rows * length);
        inputs.positions = new BigInt64Array(rows * length);
      }
      if (inputs.mask.length < rows * capacity) inputs.mask = new BigInt64Array(rows * capacity);
      inputs.mask.fill(0n, 0, rows * capacity);
      for (let row = 0; row < rows; row += 1) {
        const before = past[row] ?? 0;
        if (before + length > capacity) throw new RangeError('a row has outgrown its place');
        inputs.mask.fill(1n, row * capacity, row * capacity + before + length);
        for (let index = 0; index < length; index += 1) {
          inputs.ids[row * length + index] = BigInt(tokens[row * length + index] ?? 0);
          inputs.positions[row * length + index] = BigInt(before + index);
        }
      }
      inputs.keep[0] = BigInt(keep);
    },
  };
  return inputs;
}
