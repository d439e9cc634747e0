import type { GraphShape } from '../graph/graph-shape.ts';

/** The position of a sequence's cache: `capacity` tokens from token `offset` of the arena on, as [kv_heads, capacity, head_dim]. */
export type KvPlace = { offset: number; capacity: number };

/** Moves the first `length` tokens at `from` to `to`; the positions may overlap each other and other moves'. */
export type KvMove = { from: KvPlace; to: KvPlace; length: number };

/**
 * All sequences' keys and values: one buffer per layer and kind, `tokens` long, of which any run of sequences of one capacity is a
 * tensor [rows, kv_heads, capacity, head_dim]. Allocated once, so decoding allocates nothing and the
 * cap holds. Pages that were never written take no memory.
 */
export type KvArena = {
  readonly tokens: number;
  /** In the order of `cacheNames`. */
  readonly buffers: readonly KvBuffer[];
  /** Carries out all moves as if simultaneously. */
  move(moves: readonly KvMove[]): void;
};

type KvBuffer = Float32Array | Int8Array;

export function createKvArena(
  shape: Pick<GraphShape, 'layers' | 'kvHeads' | 'headDim' | 'cacheType'>,
  tokens: number,
): KvArena {
  const { kvHeads, headDim } = shape;
  const create = (elements: number): KvBuffer =>
    shape.cacheType === 'int8' ? new Int8Array(elements) : new Float32Array(elements);
  const buffers = Array.from({ length: shape.layers * 2 }, () => create(tokens * kvHeads * headDim));
  let scratch = create(0);
  return {
    tokens,
    buffers,
    move(moves) {
      const rowElements = moves.map(({ length }) => kvHeads * length * headDim);
      const needed = rowElements.reduce((sum, elements) => sum + elements, 0);
      if (needed === 0) return;
      // One layer at a time, so that the scratch buffer is a sixtieth of the moved data and stays in the processor's cache.
      if (scratch.length < needed) scratch = create(needed);
      for (const buffer of buffers) {
        let at = 0;
        for (const { from, length } of moves) {
          for (let head = 0; head < kvHeads; head += 1) {
            const start = (from.offset * kvHeads + head * from.capacity) * headDim;
            scratch.set(buffer.subarray(start, start + length * headDim), at);
            at += length * headDim;
          }
        }
        at = 0;
        for (const { to, length } of moves) {
          for (let head = 0; head < kvHeads; head += 1) {
            const start = (to.offset * kvHeads + head * to.capacity) * headDim;
            buffer.set(scratch.subarray(at, at + length * headDim), start);
            at += length * headDim;
          }
        }
      }
    },
  };
}
