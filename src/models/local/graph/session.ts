import { InferenceSession, Tensor } from 'onnxruntime-node';
import { createKvArena, type KvArena } from '../decoder/kv-arena.ts';
import { type CacheRunner, createRunInputs } from './cache-runner.ts';
import { cacheNames, type DeclaredShape, type GraphShape, graphShape } from './graph-shape.ts';
import { createNativeRunner, lastPositions } from './native-runner.ts';
import {
  type NativeRuntime,
  type NativeSession,
  openNativeRuntime,
  pollingTime,
  type ValueInfo,
} from './native-runtime.ts';
import { equalTogether, proveInPlace, proveSteps } from './proof.ts';
import { openQuantisedSession, type QuantisedSession } from './quantised-session.ts';

/**
 * The fallback: onnxruntime-node's own binding, which returns every cache as a copy, from which the new tokens are copied. The
 * results are the same, two to four times slower (docs/decisions/0004-decoder-no-copy.md).
 */
function createPlainRunner(session: InferenceSession, shape: GraphShape, arena: KvArena): CacheRunner {
  const inputs = createRunInputs();
  const pastNames = cacheNames(shape.layers, 'past_key_values');
  const presentNames = cacheNames(shape.layers, 'present');
  const { kvHeads, headDim } = shape;
  return {
    async run(call) {
      inputs.fill(call);
      const { rows, length, place } = call;
      const start = place.offset * kvHeads * headDim;
      const size = rows * kvHeads * place.capacity * headDim;
      const feeds: Record<string, Tensor> = {
        input_ids: new Tensor('int64', inputs.ids.subarray(0, rows * length), [rows, length]),
        attention_mask: new Tensor('int64', inputs.mask.subarray(0, rows * place.capacity), [rows, place.capacity]),
      };
      if (shape.takesPositions) {
        feeds['position_ids'] = new Tensor('int64', inputs.positions.subarray(0, rows * length), [rows, length]);
      }
      if (shape.keepsLogits) feeds['num_logits_to_keep'] = new Tensor('int64', inputs.keep, []);
      pastNames.forEach((name, index) => {
        const data = arena.buffers[index]?.subarray(start, start + size) ?? new Float32Array(0);
        feeds[name] = new Tensor('float32', data, [rows, kvHeads, place.capacity, headDim]);
      });
      const outputs = await session.run(feeds);
      presentNames.forEach((name, index) => {
        const present = outputs[name]?.data;
        const buffer = arena.buffers[index];
        if (!(present instanceof Float32Array) || !buffer) return;
        for (let row = 0; row < rows; row += 1) {
          for (let head = 0; head < kvHeads; head += 1) {
            const at = ((row * kvHeads + head) * place.capacity + (call.past[row] ?? 0)) * headDim;
            buffer.set(present.subarray(at, at + length * headDim), start + at);
          }
        }
      });
      const logits = outputs['logits']?.data;
      if (!(logits instanceof Float32Array)) throw new Error('the graph gave no logits');
      const from = shape.keepsLogits ? call.keep : length;
      return lastPositions(logits, { rows, from, keep: call.keep, width: shape.vocabularySize });
    },
    close() {},
  };
}

/** Loads a graph for `createPlainRunner`. */
async function openPlainSession(
  path: string,
  options: { threads: number; declared?: DeclaredShape | undefined },
): Promise<{ session: InferenceSession; shape: ReturnType<typeof graphShape> }> {
  const session = await InferenceSession.create(path, { intraOpNumThreads: options.threads, extra: pollingTime });
  const info = (values: readonly InferenceSession.ValueMetadata[]): ValueInfo[] =>
    values.map((value) => ({
      name: value.name,
      elementType: value.isTensor ? (elementTypes[value.type] ?? 0) : 0,
      shape: value.isTensor ? value.shape.map((dimension) => (typeof dimension === 'number' ? dimension : -1)) : [],
    }));
  const graph = { inputs: info(session.inputMetadata), outputs: info(session.outputMetadata) };
  return { session, shape: graphShape(graph, options.declared) };
}

const elementTypes: Readonly<Record<string, number>> = { float32: 1, int64: 7, float16: 10 };

/** A model's graph, loaded and proved. */
export type DecoderSession = {
  readonly shape: GraphShape;
  /** True: a step copies no caches. False: the slow fallback, after a warning. */
  readonly inPlace: boolean;
  /** Several new tokens in one run have the logits that they have in runs of their own. */
  readonly equalTogether: boolean;
  runner(arena: KvArena): CacheRunner;
  close(): Promise<void>;
};

/** Bits of a cached number. */
export type KvBits = 8 | 32;

export type SessionOptions = {
  /** The ONNX file. */
  path: string;
  /** Shapes from config.json that the graph does not contain. */
  declared?: DeclaredShape | undefined;
  threads: number;
  /** 8 if the model and onnxruntime support it, otherwise 32 after a warning. */
  kvBits: KvBits;
  /** The text on which 8-bit caches are calibrated: the same at each start, except for what a template adds. */
  calibrationIds(): Promise<readonly number[]>;
  warn(message: string): void;
  /** Opens the C API; tests pass one that fails. */
  openRuntime?: () => Promise<NativeRuntime | undefined>;
};

type Opened = { session: DecoderSession } | { unsupported: string } | { reason: string };

/**
 * Loads a graph for the decode loop: on onnxruntime's C API with caches updated in place if that can be proved, otherwise with
 * copies. For a graph that cannot be driven at all, it returns the reason, and the caller uses transformers.js's `generate()`.
 */
export async function openDecoderSession(options: SessionOptions): Promise<DecoderSession | { unsupported: string }> {
  const native = await openNative(options);
  if ('session' in native) return native.session;
  if ('unsupported' in native) return native;
  options.warn(
    `The decoder copies its cache in every step, because ${native.reason}. This is slower; the answers are the same.`,
  );
  const { session, shape } = await openPlainSession(options.path, options);
  if ('unsupported' in shape) return shape;
  const arena = createKvArena(shape, 64);
  const fault = await proveSteps(createPlainRunner(session, shape, arena), shape, arena);
  if (fault) {
    await session.release();
    return { unsupported: fault };
  }
  return {
    shape,
    inPlace: false,
    equalTogether: false,
    runner: (own) => createPlainRunner(session, shape, own),
    close: () => session.release(),
  };
}

async function openNative(options: SessionOptions): Promise<Opened> {
  let runtime: NativeRuntime | undefined;
  try {
    runtime = await (options.openRuntime ?? openNativeRuntime)();
  } catch (error) {
    return { reason: `onnxruntime's library can't be called (${String(error)})` };
  }
  if (!runtime) return { reason: "onnxruntime's library isn't there for this platform" };
  const narrow = options.kvBits === 8 ? await openNarrow(runtime, options) : undefined;
  if (narrow && 'session' in narrow) return narrow;
  const wide = await proved(runtime.openSession(options.path, options), options.declared);
  // A graph without such a cache needs no warning here.
  if (narrow && !('unsupported' in wide)) {
    const reason = 'reason' in narrow ? narrow.reason : narrow.unsupported;
    options.warn(
      `The KV cache uses 32 bits per number instead of 8, because ${reason}. It needs four times the memory.`,
    );
  }
  return wide;
}

async function openNarrow(runtime: NativeRuntime, options: SessionOptions): Promise<Opened> {
  try {
    const opened = await openQuantisedSession(runtime, options);
    return await proved(opened.session, options.declared, opened);
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

/** The session, if its caches can be updated in place; otherwise it is closed. */
async function proved(
  session: NativeSession,
  declared: DeclaredShape | undefined,
  known?: Pick<QuantisedSession, 'proved' | 'equalTogether' | 'keepProof'>,
): Promise<Opened> {
  const shape = graphShape(session, declared);
  if ('unsupported' in shape) {
    session.close();
    return shape;
  }
  const fault = known?.proved ? undefined : await onSmallArena(session, shape, proveInPlace);
  if (fault) {
    session.close();
    return { reason: fault };
  }
  const equal =
    known?.equalTogether ??
    (await onSmallArena(session, shape, (runner, _, ...given) => equalTogether(runner, ...given)));
  if (known?.equalTogether === undefined) known?.keepProof(equal);
  return {
    session: {
      shape,
      inPlace: true,
      equalTogether: equal,
      runner: (own) => createNativeRunner(session, shape, own),
      close: async () => session.close(),
    },
  };
}

function onSmallArena<T>(
  session: NativeSession,
  shape: GraphShape,
  prove: (inPlace: CacheRunner, apart: CacheRunner, shape: GraphShape, arena: KvArena) => Promise<T>,
): Promise<T> {
  const arena = createKvArena(shape, 64);
  const runner = createNativeRunner(session, shape, arena);
  const apart = createNativeRunner(session, shape, arena, { apart: true });
  return prove(runner, apart, shape, arena).finally(() => {
    runner.close();
    apart.close();
  });
}
