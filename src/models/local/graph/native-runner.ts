import type { KvArena } from '../decoder/kv-arena.ts';
import { distributionOf, partsOf, partsOutput } from '../decoder/logit-parts.ts';
import type { RawDistribution } from '../sampler-softmax.ts';
import { type CacheRunner, createRunInputs, type RunCall } from './cache-runner.ts';
import { cacheNames, type GraphShape } from './graph-shape.ts';
import type { BoundValues, NativeSession, Pointer } from './native-runtime.ts';

/** Tensors over parts of the arena that are kept: making sixty takes 0.1 ms, and the same few are used again and again. */
const keptViews = 32;

type RunnerOptions = {
  /** Lets onnxruntime make its own outputs and does not change the arena: the plain run that the proof compares with. */
  apart?: boolean;
};

/** Runs with one tensor as a layer's past and present, so GroupQueryAttention writes the new keys and values in place. */
export function createNativeRunner(
  session: NativeSession,
  shape: GraphShape,
  arena: KvArena,
  options: RunnerOptions = {},
): CacheRunner {
  return new NativeRunner(session, shape, arena, options);
}

class NativeRunner implements CacheRunner {
  private readonly session: NativeSession;
  private readonly shape: GraphShape;
  private readonly views: ArenaViews;
  private readonly apart: boolean;
  private readonly inputs = createRunInputs();
  private readonly boundInputs: BoundValues;
  private readonly boundOutputs: BoundValues;
  /** How many inputs precede the caches. */
  private readonly fixed: number;
  /** Null pointers, for outputs that onnxruntime makes itself. */
  private readonly none: readonly Pointer[];
  private readonly hasParts: boolean;
  /** How many parts the logits have, and how many numbers a part has. */
  private readonly parted: { count: number; numbers: number };
  private logits = new Float32Array(0);
  /** The parts of all positions in the last call. */
  private parts = new Float32Array(0);
  /** Positions of each sequence in the last call. */
  private positions = 0;

  constructor(session: NativeSession, shape: GraphShape, arena: KvArena, { apart = false }: RunnerOptions) {
    this.session = session;
    this.shape = shape;
    this.views = new ArenaViews(session, shape, arena);
    this.apart = apart;
    this.none = arena.buffers.map(() => 0n);
    const inputNames = ['input_ids', 'attention_mask'];
    if (shape.takesPositions) inputNames.push('position_ids');
    if (shape.keepsLogits) inputNames.push('num_logits_to_keep');
    this.fixed = inputNames.length;
    inputNames.push(...cacheNames(shape.layers, 'past_key_values'));
    this.boundInputs = session.bind(inputNames, new Array<Pointer>(inputNames.length).fill(0n));
    this.hasParts = session.outputs.some(({ name }) => name === partsOutput);
    const outputNames = ['logits', ...(this.hasParts ? [partsOutput] : [])];
    this.boundOutputs = session.bind(
      [...outputNames, ...cacheNames(shape.layers, 'present')],
      [...outputNames.map(() => 0n), ...this.none],
    );
    this.parted = partsOf(shape.vocabularySize);
  }

  run(call: RunCall): Float32Array {
    const { session, shape, boundInputs, boundOutputs } = this;
    this.inputs.fill(call);
    this.positions = shape.keepsLogits ? call.keep : call.length;
    const given = this.inputTensors(call);
    const out = this.outputTensors(call.rows);
    const caches = this.views.of(call);
    setPointers(boundInputs, given, 0);
    setPointers(boundInputs, caches, this.fixed);
    setPointers(boundOutputs, out, 0);
    setPointers(boundOutputs, this.apart ? this.none : caches, out.length);
    try {
      session.run(boundInputs, boundOutputs);
    } finally {
      session.release([...given, ...out]);
      if (this.apart) {
        session.release([...boundOutputs.pointers.subarray(out.length)].filter((pointer) => pointer !== 0n));
      }
    }
    const { rows, keep } = call;
    return lastPositions(this.logits, { rows, from: this.positions, keep, width: shape.vocabularySize });
  }

  distribution(row: number, back = 0): RawDistribution | undefined {
    if (!this.hasParts) return undefined;
    const { count, numbers } = this.parted;
    const end = ((row + 1) * this.positions - back) * count * numbers;
    return distributionOf(this.parts.subarray(end - count * numbers, end), this.shape.vocabularySize);
  }

  close(): void {
    this.views.close();
  }

  private inputTensors({ rows, length, place }: RunCall): Pointer[] {
    const { session, shape, inputs } = this;
    return [
      session.tensor(inputs.ids, [rows, length]),
      session.tensor(inputs.mask, [rows, place.capacity]),
      ...(shape.takesPositions ? [session.tensor(inputs.positions, [rows, length])] : []),
      ...(shape.keepsLogits ? [session.tensor(inputs.keep, [])] : []),
    ];
  }

  /** Tensors over buffers that grow and are reused. */
  private outputTensors(rows: number): Pointer[] {
    const { session, shape, positions } = this;
    const { count, numbers } = this.parted;
    const size = rows * positions * shape.vocabularySize;
    if (this.logits.length < size) this.logits = new Float32Array(size);
    const logits = session.tensor(this.logits, [rows, positions, shape.vocabularySize]);
    if (!this.hasParts) return [logits];
    const partsSize = rows * positions * count * numbers;
    if (this.parts.length < partsSize) this.parts = new Float32Array(partsSize);
    return [logits, session.tensor(this.parts, [rows, positions * count, numbers])];
  }
}

/** Tensors over the caches of neighbouring sequences, by where they lie; the least recently used are released. */
class ArenaViews {
  private readonly session: NativeSession;
  private readonly shape: GraphShape;
  private readonly arena: KvArena;
  private readonly views = new Map<string, Pointer[]>();

  constructor(session: NativeSession, shape: GraphShape, arena: KvArena) {
    this.session = session;
    this.shape = shape;
    this.arena = arena;
  }

  of({ place, rows }: RunCall): Pointer[] {
    const key = `${place.offset}:${place.capacity}:${rows}`;
    const known = this.views.get(key);
    if (known) {
      this.views.delete(key);
      this.views.set(key, known);
      return known;
    }
    const [oldest] = this.views;
    if (oldest && this.views.size >= keptViews) {
      this.session.release(oldest[1]);
      this.views.delete(oldest[0]);
    }
    const { kvHeads, headDim } = this.shape;
    const tensors = this.arena.buffers.map((buffer) => {
      const start = place.offset * kvHeads * headDim * buffer.BYTES_PER_ELEMENT;
      return this.session.tensor(buffer, [rows, kvHeads, place.capacity, headDim], start);
    });
    this.views.set(key, tensors);
    return tensors;
  }

  close(): void {
    for (const tensors of this.views.values()) this.session.release(tensors);
    this.views.clear();
  }
}

function setPointers(values: BoundValues, tensors: readonly Pointer[], at: number): void {
  values.pointers.set(tensors, at);
}

/** Moves each sequence's last `keep` of `from` positions together; graphs without `num_logits_to_keep` return all. */
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
