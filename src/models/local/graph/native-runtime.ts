import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * onnxruntime's C API, called in the library that onnxruntime-node ships. Its Node binding copies each output into a new
 * buffer; the C API runs on the given buffers, so a cache can be input and output at once. The order of the table is
 * the C API's ABI, which only grows at its end (onnxruntime_c_api.h, "struct OrtApi").
 */
export type NativeRuntime = {
  /** Loads a model; `threads`: for one operator. @throws Error with onnxruntime's own message */
  openSession(path: string, options: { threads: number }): NativeSession;
  /** The same from memory, with the weights in files of `folder`. */
  openGraph(graph: { model: Buffer; folder: string }, options: { threads: number }): NativeSession;
};

/** 0n is the null pointer. */
export type Pointer = bigint;

export type NativeSession = {
  inputs: readonly ValueInfo[];
  outputs: readonly ValueInfo[];
  /** A tensor over `data`, which must outlive it. `shape` may cover only a part of `data`, from `byteOffset` on. */
  tensor(data: TensorData, shape: readonly number[], byteOffset?: number): Pointer;
  release(tensors: readonly Pointer[]): void;
  /** Blocks until the outputs are written. The names may be in any order. @throws Error */
  run(inputs: BoundValues, outputs: BoundValues): void;
  /** Prepares names and tensors for `run`; the tensors may be replaced in `pointers` later. */
  bind(names: readonly string[], tensors: readonly Pointer[]): BoundValues;
  close(): void;
};

/** `elementType` is ONNX's number (1 float, 3 int8, 7 int64, 10 half); a dimension of -1 is free. */
export type ValueInfo = { name: string; elementType: number; shape: readonly number[] };

type TensorData = Float32Array | Int8Array | BigInt64Array;

export type BoundValues = { readonly names: BigUint64Array; readonly pointers: BigUint64Array; readonly kept: unknown };

/**
 * How long a thread of onnxruntime that has no work keeps polling before it sleeps. µs. Without a limit (onnxruntime's
 * default) it takes time from other programs and, where a core has several threads to run, from the thread that it waits
 * for; without any polling, waking it for each of a step's 300 pieces makes a quiet machine a quarter slower
 * (docs/decisions/0019-busy-machine.md).
 */
export const pollingTime = { session: { intra_op: { spin_duration_us: '20' } } };

const apiVersion = 22;
/** Indices in the table of functions. */
const slots = {
  getErrorMessage: 2,
  createEnv: 3,
  createSession: 7,
  createSessionFromArray: 8,
  run: 9,
  createSessionOptions: 10,
  setGraphOptimizationLevel: 23,
  setIntraOpNumThreads: 24,
  sessionGetInputCount: 30,
  sessionGetOutputCount: 31,
  sessionGetInputTypeInfo: 33,
  sessionGetOutputTypeInfo: 34,
  sessionGetInputName: 36,
  sessionGetOutputName: 37,
  createTensorWithData: 49,
  castTypeInfoToTensorInfo: 55,
  getTensorElementType: 60,
  getDimensionsCount: 61,
  getDimensions: 62,
  createCpuMemoryInfo: 69,
  allocatorFree: 76,
  getDefaultAllocator: 78,
  releaseStatus: 93,
  releaseSession: 95,
  releaseValue: 96,
  releaseTypeInfo: 98,
  releaseSessionOptions: 100,
  addSessionConfigEntry: 130,
} as const;

/** Keeps the handles: koffi unloads a library with its handle, and a call into it would then crash the process. */
const loaded: unknown[] = [];

/** Undefined if the library or the foreign function interface is not available for this platform. @throws Error of either */
export async function openNativeRuntime(): Promise<NativeRuntime | undefined> {
  const path = libraryPath();
  if (path === undefined) return undefined;
  const { default: koffi } = await import('koffi');
  const table = functionTable(koffi, path);
  if (table === undefined) return undefined;
  const api = bindFunctions(koffi, table);
  const environment = api.createEnv(3, 'thinkfirst');
  const memory = { cpu: api.createMemoryInfo(0, 0), allocator: api.defaultAllocator(), trim: heapTrimmer(koffi) };
  const open = (threads: number, create: (options: Pointer) => Pointer): NativeSession => {
    const session = createSession(api, threads, create);
    memory.trim();
    return nativeSession(api, session, { koffi, memory });
  };
  return {
    openSession: (modelPath, { threads }) =>
      open(threads, (options) => api.createSession(environment, modelPath, options)),
    openGraph: ({ model, folder }, { threads }) =>
      open(threads, (options) => {
        const folderKey = 'session.model_external_initializers_file_folder_path';
        api.checked(api.addConfigEntry(options, folderKey, folder));
        return api.createSessionFromArray(environment, model, model.length, options);
      }),
  };
}

type Koffi = typeof import('koffi').default;
type Native = (...parameters: unknown[]) => unknown;

/** The pointers to the C API's functions; undefined if the library is older than `apiVersion`. */
function functionTable(koffi: Koffi, path: string): readonly Pointer[] | undefined {
  const library = koffi.load(path);
  loaded.push(library);
  const base = library.func('void *OrtGetApiBase()')();
  const [getApi] = koffi.decode(base, koffi.array('void *', 1)) as [Pointer];
  const api: Pointer = koffi.call(getApi, koffi.proto('void *', ['uint32_t']), apiVersion);
  if (!api) return undefined;
  return koffi.decode(api, koffi.array('void *', slots.addSessionConfigEntry + 1)) as Pointer[];
}

type NativeApi = ReturnType<typeof bindFunctions>;

function bindFunctions(koffi: Koffi, table: readonly Pointer[]) {
  const bindTo = (slot: keyof typeof slots, result: string, parameters: string[]) =>
    koffi.decode(table[slots[slot]], koffi.proto(result, parameters)) as Native;
  const p = 'void *';
  const out = (type: string) => koffi.out(koffi.pointer(type)) as unknown as string;
  const [outPointer, outSize, outInt] = [out(p), out('size_t'), out('int')];
  const errorMessage = bindTo('getErrorMessage', 'const char *', [p]);
  const releaseStatus = bindTo('releaseStatus', 'void', [p]);
  const checked = (status: unknown): void => {
    if (!status) return;
    const message = String(errorMessage(status));
    releaseStatus(status);
    throw new Error(`onnxruntime: ${message}`);
  };
  /** A function whose last parameter receives its result. */
  const maker = <T>(slot: keyof typeof slots, parameters: string[]): ((...values: unknown[]) => T) => {
    const call = bindTo(slot, p, parameters);
    return (...values) => {
      const result: [T | null] = [null];
      checked(call(...values, result));
      return result[0] as T;
    };
  };
  const pathType = process.platform === 'win32' ? 'const char16_t *' : 'const char *';
  const described = (kind: 'Input' | 'Output') => ({
    count: maker<number>(`sessionGet${kind}Count`, [p, outSize]),
    name: maker<Pointer>(`sessionGet${kind}Name`, [p, 'size_t', p, outPointer]),
    typeInfo: maker<Pointer>(`sessionGet${kind}TypeInfo`, [p, 'size_t', outPointer]),
  });
  return {
    checked,
    createEnv: maker<Pointer>('createEnv', ['int', 'const char *', outPointer]),
    createOptions: maker<Pointer>('createSessionOptions', [outPointer]),
    createSession: maker<Pointer>('createSession', [p, pathType, p, outPointer]),
    createSessionFromArray: maker<Pointer>('createSessionFromArray', [p, p, 'size_t', p, outPointer]),
    addConfigEntry: bindTo('addSessionConfigEntry', p, [p, 'const char *', 'const char *']),
    createTensor: maker<Pointer>('createTensorWithData', [p, p, 'size_t', p, 'size_t', 'int', outPointer]),
    createMemoryInfo: maker<Pointer>('createCpuMemoryInfo', ['int', 'int', outPointer]),
    defaultAllocator: maker<Pointer>('getDefaultAllocator', [outPointer]),
    described: { Input: described('Input'), Output: described('Output') },
    tensorInfo: maker<Pointer>('castTypeInfoToTensorInfo', [p, outPointer]),
    elementType: maker<number>('getTensorElementType', [p, outInt]),
    dimensionsCount: maker<number>('getDimensionsCount', [p, outSize]),
    getDimensions: bindTo('getDimensions', p, [p, p, 'size_t']),
    setThreads: bindTo('setIntraOpNumThreads', p, [p, 'int']),
    setOptimisation: bindTo('setGraphOptimizationLevel', p, [p, 'int']),
    releaseOptions: bindTo('releaseSessionOptions', 'void', [p]),
    releaseSession: bindTo('releaseSession', 'void', [p]),
    releaseValue: bindTo('releaseValue', 'void', [p]),
    releaseTypeInfo: bindTo('releaseTypeInfo', 'void', [p]),
    allocatorFree: bindTo('allocatorFree', p, [p, p]),
    run: bindTo('run', p, [p, p, p, p, 'size_t', p, 'size_t', p]),
  };
}

function createSession(api: NativeApi, threads: number, create: (options: Pointer) => Pointer): Pointer {
  const options = api.createOptions();
  try {
    api.checked(api.setThreads(options, threads));
    api.checked(api.setOptimisation(options, 99));
    const { spin_duration_us: polling } = pollingTime.session.intra_op;
    api.checked(api.addConfigEntry(options, 'session.intra_op.spin_duration_us', polling));
    return create(options);
  } finally {
    api.releaseOptions(options);
  }
}

type Memory = { cpu: Pointer; allocator: Pointer };

function nativeSession(
  api: NativeApi,
  session: Pointer,
  { koffi, memory }: { koffi: Koffi; memory: Memory },
): NativeSession {
  return {
    inputs: describe('Input', { api, session, koffi, memory }),
    outputs: describe('Output', { api, session, koffi, memory }),
    tensor(data, shape, byteOffset = 0) {
      const dimensions = BigInt64Array.from(shape, BigInt);
      const elements = shape.reduce((product, dimension) => product * dimension, 1);
      const bytes = elements * data.BYTES_PER_ELEMENT;
      if (byteOffset + bytes > data.byteLength) throw new RangeError('a tensor reaches past the end of its data');
      const start = koffi.address(data) + BigInt(byteOffset);
      return api.createTensor(memory.cpu, start, bytes, dimensions, shape.length, elementTypeOf(data));
    },
    release(tensors) {
      for (const tensor of tensors) api.releaseValue(tensor);
    },
    bind(names, tensors) {
      const texts = names.map((name) => Buffer.from(`${name}\0`));
      return {
        names: BigUint64Array.from(texts, (text) => koffi.address(text)),
        pointers: BigUint64Array.from(tensors),
        kept: texts,
      };
    },
    run(inputs, outputs) {
      const given = [inputs.names, inputs.pointers, inputs.names.length];
      const wanted = [outputs.names, outputs.names.length, outputs.pointers];
      api.checked(api.run(session, null, ...given, ...wanted));
    },
    close() {
      api.releaseSession(session);
    },
  };
}

function describe(
  kind: 'Input' | 'Output',
  { api, session, koffi, memory }: { api: NativeApi; session: Pointer; koffi: Koffi; memory: Memory },
): ValueInfo[] {
  const described = api.described[kind];
  return Array.from({ length: Number(described.count(session)) }, (_, index) => {
    const text = described.name(session, index, memory.allocator);
    const name = koffi.decode(text, 'char', -1) as unknown as string;
    api.checked(api.allocatorFree(memory.allocator, text));
    const info = described.typeInfo(session, index);
    try {
      return { name, ...tensorTypeOf(api, info) };
    } finally {
      api.releaseTypeInfo(info);
    }
  });
}

/** A value that is not a tensor has element type 0. */
function tensorTypeOf(api: NativeApi, info: Pointer): Omit<ValueInfo, 'name'> {
  const tensor = api.tensorInfo(info);
  if (!tensor) return { elementType: 0, shape: [] };
  const shape = new BigInt64Array(Number(api.dimensionsCount(tensor)));
  api.checked(api.getDimensions(tensor, shape, shape.length));
  return { elementType: api.elementType(tensor), shape: Array.from(shape, Number) };
}

function elementTypeOf(data: TensorData): number {
  if (data instanceof Float32Array) return 1;
  return data instanceof Int8Array ? 3 : 7;
}

/** glibc keeps the memory that loading a model has freed (45 MB of the embedded one's 230) until `malloc_trim`. */
function heapTrimmer(koffi: Koffi): () => void {
  if (process.platform !== 'linux') return () => {};
  try {
    const trim: (keep: number) => number = koffi.load(null).func('int malloc_trim(size_t)');
    return () => void trim(0);
  } catch {
    return () => {};
  }
}

/** The library next to onnxruntime-node's binding for this platform. */
function libraryPath(): string | undefined {
  const root = dirname(dirname(createRequire(import.meta.url).resolve('onnxruntime-node')));
  const folder = join(root, 'bin', 'napi-v6', process.platform, process.arch);
  if (!existsSync(folder)) return undefined;
  const file = readdirSync(folder).find((name) => /^(lib)?onnxruntime\.(so|dll|.*dylib)/.test(name));
  return file && join(folder, file);
}
