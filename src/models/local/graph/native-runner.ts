import type { KvArena } from '../decoder/kv-arena.ts';
import { distributionOf, partsOf, partsOutput } from '../decoder/logit-parts.ts';
import { type CacheRunner, createRunInputs, type RunCall } from './cache-runner.ts';
import { cacheNames, type GraphShape } from './graph-shape.ts';
import type { BoundValues, NativeSession, Pointer } from './native-runtime.ts';

/** Views of the arena that are kept as tensors: making sixty of them takes 0.1 ms, and the same few come again and again. */
const keptViews = 32;

/**
 * Runs with one tensor as a layer's past and present, so GroupQueryAttention writes the new keys and values in place.
 * `apart` lets onnxruntime make its own outputs and leaves the arena alone: the plain run that the proof compares with.
 */
export function createNativeRunner(
  session: NativeSession,
  shape: GraphShape,
  arena: KvArena,
  options: { apart?: boolean } = {},
): CacheRunner {
  const inputs = createRunInputs();
  const views = new Map<string, Pointer[]>();
  const none = arena.buffers.map(() => 0n);
  const inputNames = ['input_ids', 'attention_mask'];
  if (shape.takesPositions) inputNames.push('position_ids');
  if (shape.keepsLogits) inputNames.push('num_logits_to_keep');
  const fixed = inputNames.length;
  inputNames.push(...cacheNames(shape.layers, 'past_key_values'));
  const boundInputs = session.bind(inputNames, new Array<Pointer>(inputNames.length).fill(0n));
  const tellsParts = session.outputs.some(({ name }) => name === partsOutput);
  const outputNames = ['logits', ...(tellsParts ? [partsOutput] : [])];
  const boundOutputs = session.bind(
    [...outputNames, ...cacheNames(shape.layers, 'present')],
    [...outputNames.map(() => 0n), ...none],
  );
  let logits = new Float32Array(0);
  /** The parts of all positions in the last call, and how many positions a row had. */
  let parts = new Float32Array(0);
  const { count, numbers } = partsOf(shape.vocabularySize);
  let positions = 0;

  function view({ place, rows }: RunCall): Pointer[] {
    const key = `${place.offset}:${place.capacity}:${rows}`;
    const known = views.get(key);
    if (known) {
      views.delete(key);
      views.set(key, known);
      return known;
    }
    const [oldest] = views;
    if (oldest && views.size >= keptViews) {
      session.release(oldest[1]);
      views.delete(oldest[0]);
    }
    const tokenElements = shape.kvHeads * shape.headDim;
    const tensors = arena.buffers.map((buffer) =>
      session.tensor(
        buffer,
        [rows, shape.kvHeads, place.capacity, shape.headDim],
        place.offset * tokenElements * buffer.BYTES_PER_ELEMENT,
      ),
    );
    views.set(key, tensors);
    return tensors;
  }

  return {
    run(call) {
      inputs.fill(call);
      const { rows, length } = call;
      const kept = shape.keepsLogits ? call.keep : length;
      const size = rows * kept * shape.vocabularySize;
      if (logits.length < size) logits = new Float32Array(size);
      const partsSize = rows * kept * count * numbers;
      if (tellsParts && parts.length < partsSize) parts = new Float32Array(partsSize);
      positions = kept;
      const own = [
        session.tensor(inputs.ids, [rows, length]),
        session.tensor(inputs.mask, [rows, call.place.capacity]),
        ...(shape.takesPositions ? [session.tensor(inputs.positions, [rows, length])] : []),
        ...(shape.keepsLogits ? [session.tensor(inputs.keep, [])] : []),
      ];
      const out = [
        session.tensor(logits, [rows, kept, shape.vocabularySize]),
        ...(tellsParts ? [session.tensor(parts, [rows, kept * count, numbers])] : []),
      ];
      const caches = view(call);
      setPointers(boundInputs, own, 0);
      setPointers(boundInputs, caches, fixed);
      setPointers(boundOutputs, out, 0);
      setPointers(boundOutputs, options.apart ? none : caches, out.length);
      try {
        session.run(boundInputs, boundOutputs);
      } finally {
        session.release([...own, ...out]);
        if (options.apart) {
          session.release([...boundOutputs.pointers.subarray(out.length)].filter((pointer) => pointer !== 0n));
        }
      }
      return lastPositions(logits, { rows, from: kept, keep: call.keep, width: shape.vocabularySize });
    },
    distribution(row) {
      if (!tellsParts) return undefined;
      const end = (row + 1) * positions * count * numbers;
      return distributionOf(parts.subarray(end - count * numbers, end), shape.vocabularySize);
    },
    close() {
      for (const tensors of views.values()) session.release(tensors);
      views.clear();
    },
  };
}

function setPointers(values: BoundValues, tensors: readonly Pointer[], at: number): void {
  values.pointers.set(tensors, at);
}

/** Moves each row's last `keep` of `from` positions together; graphs without `num_logits_to_keep` give them all. */
export function lastPositions(
  logits: Float32Array,
  { rows, from, keep, width }: { rows: number; from: number; keep: number; width: number },
): Float32Array {
  if (from !== keep) {
    for (let row = 0; row < rows; row += 1) {
      const start = (row * from + from - keep) * width;
      logits.copyWithin(row * keep * width, start, start + keep * width);
    }
  }
  return logits.subarray(0, rows * keep * width);
}
