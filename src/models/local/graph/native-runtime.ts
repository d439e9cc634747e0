import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * onnxruntime's C API, called in the very library that onnxruntime-node ships. Its Node binding copies each output into a
 * new buffer; the C API runs on the buffers that it is given, so a cache can be input and output at once. The table's
 * order is the C API's ABI, which only ever grows at its end (onnxruntime_c_api.h, "struct OrtApi").
 */
export type NativeRuntime = {
  /** Loads a model; `threads` of one operator. @throws Error with onnxruntime's own message */
  openSession(path: string, options: { threads: number }): NativeSession;
  /** The same from memory, the weights lying in files of `folder`. */
  openGraph(graph: { model: Buffer; folder: string }, options: { threads: number }): NativeSession;
};

/** A pointer; 0n is none. */
export type Pointer = bigint;

export type NativeSession = {
  inputs: readonly ValueInfo[];
  outputs: readonly ValueInfo[];
  /** A tensor over `data`, which must outlive it. `shape` may be of fewer elements than `data`, from `byteOffset` on. */
  tensor(data: TensorData, shape: readonly number[], byteOffset?: number): Pointer;
  release(tensors: readonly Pointer[]): void;
  /** Blocks until the outputs are written. Names come with their tensors, in any order. @throws Error */
  run(inputs: BoundValues, outputs: BoundValues): void;
  /** Prepares names and tensors for `run`; the tensors may be replaced in `pointers` later. */
  bind(names: readonly string[], tensors: readonly Pointer[]): BoundValues;
  close(): void;
};

/** `elementType` is ONNX's number (1 float, 3 int8, 7 int64, 10 half); a dimension of -1 is free. */
export type ValueInfo = { name: string; elementType: number; shape: readonly number[] };

export type TensorData = Float32Array | Int8Array | BigInt64Array;

export type BoundValues = { readonly names: BigUint64Array; readonly pointers: BigUint64Array; readonly kept: unknown };

const apiVersion = 22;
/** Places in the table of functions. */
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

/** koffi unloads a library with its handle, and a call to what was in it would end the process. */
const loaded: unknown[] = [];

/** undefined where the library or the foreign function interface isn't there for this platform. @throws Error of either */
export async function openNativeRuntime(): Promise<NativeRuntime | undefined> {
  const path = libraryPath();
  if (path === undefined) return undefined;
  const { default: koffi } = await import('koffi');
  const library = koffi.load(path);
  loaded.push(library);
  const base = library.func('void *OrtGetApiBase()')();
  const [getApi] = koffi.decode(base, koffi.array('void *', 1)) as [Pointer];
  const api: Pointer = koffi.call(getApi, koffi.proto('void *', ['uint32_t']), apiVersion);
  if (!api) return undefined;
  const table = koffi.decode(api, koffi.array('void *', slots.addSessionConfigEntry + 1)) as Pointer[];

  type Native = (...parameters: unknown[]) => unknown;
  const bindTo = (slot: keyof typeof slots, result: string, parameters: Array<string | ReturnType<typeof koffi.out>>) =>
    koffi.decode(table[slots[slot]], koffi.proto(result, parameters as string[])) as Native;
  const p = 'void *';
  const outPointer = koffi.out(koffi.pointer(p)) as unknown as string;
  const outSize = koffi.out(koffi.pointer('size_t')) as unknown as string;
  const outInt = koffi.out(koffi.pointer('int')) as unknown as string;

  const errorMessage = bindTo('getErrorMessage', 'const char *', [p]);
  const releaseStatus = bindTo('releaseStatus', 'void', [p]);
  const checked = (status: unknown) => {
    if (!status) return;
    const message = String(errorMessage(status));
    releaseStatus(status);
    throw new Error(`onnxruntime: ${message}`);
  };
  /** A function whose last parameter is where its result goes. */
  const maker = <T>(slot: keyof typeof slots, parameters: string[]): ((...values: unknown[]) => T) => {
    const call = bindTo(slot, p, parameters);
    return (...values) => {
      const out: [T | null] = [null];
      checked(call(...values, out));
      return out[0] as T;
    };
  };
  const createEnv = maker<Pointer>('createEnv', ['int', 'const char *', outPointer]);
  const createOptions = maker<Pointer>('createSessionOptions', [outPointer]);
  const createSession = maker<Pointer>('createSession', [
    p,
    process.platform === 'win32' ? 'const char16_t *' : 'const char *',
    p,
    outPointer,
  ]);
  const createSessionFromArray = maker<Pointer>('createSessionFromArray', [p, p, 'size_t', p, outPointer]);
  const addConfigEntry = bindTo('addSessionConfigEntry', p, [p, 'const char *', 'const char *']);
  const createTensor = maker<Pointer>('createTensorWithData', [p, p, 'size_t', p, 'size_t', 'int', outPointer]);
  const createMemoryInfo = maker<Pointer>('createCpuMemoryInfo', ['int', 'int', outPointer]);
  const defaultAllocator = maker<Pointer>('getDefaultAllocator', [outPointer]);
  const tensorInfo = maker<Pointer>('castTypeInfoToTensorInfo', [p, outPointer]);
  const elementType = maker<number>('getTensorElementType', [p, outInt]);
  const dimensionsCount = maker<number>('getDimensionsCount', [p, outSize]);
  const getDimensions = bindTo('getDimensions', p, [p, p, 'size_t']);
  const setThreads = bindTo('setIntraOpNumThreads', p, [p, 'int']);
  const setOptimisation = bindTo('setGraphOptimizationLevel', p, [p, 'int']);
  const releaseOptions = bindTo('releaseSessionOptions', 'void', [p]);
  const releaseSession = bindTo('releaseSession', 'void', [p]);
  const releaseValue = bindTo('releaseValue', 'void', [p]);
  const releaseTypeInfo = bindTo('releaseTypeInfo', 'void', [p]);
  const allocatorFree = bindTo('allocatorFree', p, [p, p]);
  const run = bindTo('run', p, [p, p, p, p, 'size_t', p, 'size_t', p]);

  const giveBack = heapTrimmer(koffi);
  const environment = createEnv(3, 'thinkfirst');
  const cpuMemory = createMemoryInfo(0, 0);
  const allocator = defaultAllocator();

  const describe = (session: Pointer, kind: 'Input' | 'Output'): ValueInfo[] => {
    const count = Number(maker<number>(`sessionGet${kind}Count`, [p, outSize])(session));
    const nameOf = maker<Pointer>(`sessionGet${kind}Name`, [p, 'size_t', p, outPointer]);
    const typeOf = maker<Pointer>(`sessionGet${kind}TypeInfo`, [p, 'size_t', outPointer]);
    return Array.from({ length: count }, (_, index) => {
      const text = nameOf(session, index, allocator);
      const name = koffi.decode(text, 'char', -1) as unknown as string;
      checked(allocatorFree(allocator, text));
      const info = typeOf(session, index);
      try {
        const tensor = tensorInfo(info);
        if (!tensor) return { name, elementType: 0, shape: [] };
        const shape = new BigInt64Array(Number(dimensionsCount(tensor)));
        checked(getDimensions(tensor, shape, shape.length));
        return { name, elementType: elementType(tensor), shape: Array.from(shape, Number) };
      } finally {
        releaseTypeInfo(info);
      }
    });
  };

  const open = (threads: number, create: (options: Pointer) => Pointer): NativeSession => {
    const options = createOptions();
    let session: Pointer;
    try {
      checked(setThreads(options, threads));
      checked(setOptimisation(options, 99));
      session = create(options);
    } finally {
      releaseOptions(options);
    }
    giveBack();
    return {
      inputs: describe(session, 'Input'),
      outputs: describe(session, 'Output'),
      tensor(data, shape, byteOffset = 0) {
        const dimensions = BigInt64Array.from(shape, BigInt);
        const elements = shape.reduce((product, dimension) => product * dimension, 1);
        const bytes = elements * data.BYTES_PER_ELEMENT;
        if (byteOffset + bytes > data.byteLength) throw new RangeError('a tensor reaches past the end of its data');
        const start = koffi.address(data) + BigInt(byteOffset);
        return createTensor(cpuMemory, start, bytes, dimensions, shape.length, elementTypeOf(data));
      },
      release(tensors) {
        for (const tensor of tensors) releaseValue(tensor);
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
        checked(
          run(
            session,
            null,
            inputs.names,
            inputs.pointers,
            inputs.names.length,
            outputs.names,
            outputs.names.length,
            outputs.pointers,
          ),
        );
      },
      close() {
        releaseSession(session);
      },
    };
  };

  return {
    openSession: (modelPath, { threads }) => open(threads, (options) => createSession(environment, modelPath, options)),
    openGraph: ({ model, folder }, { threads }) =>
      open(threads, (options) => {
        checked(addConfigEntry(options, 'session.model_external_initializers_file_folder_path', folder));
        return createSessionFromArray(environment, model, model.length, options);
      }),
  };
}

function elementTypeOf(data: TensorData): number {
  if (data instanceof Float32Array) return 1;
  return data instanceof Int8Array ? 3 : 7;
}

/** glibc keeps what loading a model has freed (45 MB of the embedded one's 230) until it is told to let go; others need nothing. */
function heapTrimmer(koffi: Pick<typeof import('koffi').default, 'load'>): () => void {
  if (process.platform !== 'linux') return () => {};
  try {
    const trim: (keep: number) => number = koffi.load(null).func('int malloc_trim(size_t)');
    return () => void trim(0);
  } catch {
    return () => {};
  }
}

/** The library beside onnxruntime-node's binding for this platform. */
function libraryPath(): string | undefined {
  const root = dirname(dirname(createRequire(import.meta.url).resolve('onnxruntime-node')));
  const folder = join(root, 'bin', 'napi-v6', process.platform, process.arch);
  if (!existsSync(folder)) return undefined;
  const file = readdirSync(folder).find((name) => /^(lib)?onnxruntime\.(so|dll|.*dylib)/.test(name));
  return file && join(folder, file);
}
