import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ServiceError } from '../../../contracts/service/service-error.ts';

/**
 * The one place that knows node-llama-cpp (MIT), which is installed only where GGUF models run. Its public
 * `controlledEvaluate` sorts the whole vocabulary for each token and can't copy a sequence, so the batches below are those
 * of the class beneath it, `context._ctx`. That is why the version is pinned to one minor (docs/decisions/0018-gguf.md).
 */
const version = '3.22.1';
/** Where the command puts it: outside of a project, whose other packages it would touch. */
const ownFolder = join('.cache', 'thinkfirst', 'llama');

/** The one command that installs it: with the libraries for GPUs, or the processor's alone (30 MB, not 725). */
export function installCommand({ gpu }: { gpu: boolean }): string {
  const base = `npm install --prefix ~/${ownFolder} --ignore-scripts`;
  if (gpu) return `${base} node-llama-cpp@${version}`;
  const machine = { linux: 'linux', darwin: 'mac', win32: 'win' }[String(process.platform)] ?? process.platform;
  const library = machine === 'mac' && process.arch === 'arm64' ? 'mac-arm64-metal' : `${machine}-${process.arch}`;
  return `${base} --omit=optional node-llama-cpp@${version} @node-llama-cpp/${library}@${version}`;
}

/** What is used of node-llama-cpp, as of its 3.22. */
type Library = {
  getLlama(options: Record<string, unknown>): Promise<Llama>;
  LlamaLogLevel: { error: string };
};
type Llama = {
  gpu: 'metal' | 'cuda' | 'vulkan' | false;
  getGpuDeviceNames(): Promise<string[]>;
  getVramState(): Promise<{ total: number; free: number }>;
  loadModel(options: Record<string, unknown>): Promise<LlamaModel>;
  dispose(): Promise<void>;
  _bindings: { AddonSampler: new (model: AddonModel) => AddonSampler };
};
type LlamaModel = {
  gpuLayers: number;
  createContext(options: Record<string, unknown>): Promise<{ _ctx: AddonContext; dispose(): Promise<void> }>;
  dispose(): Promise<void>;
  _model: AddonModel;
};
type AddonModel = { tokenize(text: string, special: boolean): Uint32Array; isEogToken(id: number): boolean };
type AddonSampler = { applyConfig(options: Record<string, number>): void; dispose(): void };
type AddonContext = {
  initBatch(size: number): void;
  addToBatch(sequence: number, from: number, ids: Uint32Array, logitsOf: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  sampleToken(
    place: number,
    sampler: AddonSampler,
    probabilities: boolean,
    confidence: boolean,
    logits: boolean | [ids: readonly number[], max: boolean, min: boolean, selected: boolean, top: number],
    total: boolean,
  ): Promise<[id: number, undefined, undefined, logits: number[] | undefined, total: number | undefined]>;
  disposeSequence(sequence: number): void;
  removeTokenCellsFromSequence(sequence: number, from: number, to: number): boolean;
  copySequenceStateFromOtherSequence(to: number, from: number): Promise<number>;
};

/** @returns the folder of the installed package; undefined where there is none of this version */
export function installedLlama(): string | undefined {
  const above = (folder: string): string[] =>
    dirname(folder) === folder ? [folder] : [folder, ...above(dirname(folder))];
  const bases = [...above(dirname(fileURLToPath(import.meta.url))), process.cwd(), join(homedir(), ownFolder)];
  return bases
    .map((base) => join(base, 'node_modules', 'node-llama-cpp'))
    .find((folder) => {
      const file = join(folder, 'package.json');
      if (!existsSync(file)) return false;
      const found: unknown = JSON.parse(readFileSync(file, 'utf8')).version;
      return typeof found === 'string' && found.split('.', 2).join() === version.split('.', 2).join();
    });
}

/** llama.cpp in this process, once. `gpu`: false leaves the graphics card alone. */
export type OpenLlama = { library: Llama; firstError(): string | undefined };

/** @throws ServiceError `model_unavailable` with the command that installs it */
export async function openLlama({ gpu, threads }: { gpu: boolean; threads: number }): Promise<OpenLlama> {
  const folder = installedLlama();
  if (folder === undefined) {
    throw new ServiceError({
      code: 'model_unavailable',
      message: `GGUF models need node-llama-cpp ${version}, which is not installed. Install it: ${installCommand({ gpu: false })}`,
      retryable: false,
    });
  }
  const { getLlama, LlamaLogLevel }: Library = await import(pathToFileURL(join(folder, 'dist', 'index.js')).href);
  let error: string | undefined;
  const library = await getLlama({
    gpu: gpu ? 'auto' : false,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    maxThreads: threads,
    logLevel: LlamaLogLevel.error,
    logger: (_level: string, message: string) => {
      // The first one says what is wrong; those behind it that something was.
      error ??= message.trim();
    },
  });
  return { library, firstError: () => error };
}

/** What is wanted of a position's logits: all, or the likeliest and the named ones. */
type WantedLogits = 'all' | readonly number[];

/** Logits as pairs of id and value. `logSumExp` is that of the whole vocabulary; absent where all values are here. */
export type ReadLogits = { pairs: readonly number[]; logSumExp?: number };

/** Ids of one sequence to compute, from position `from` on; `logitsOf`: indexes in `ids` whose logits will be read. */
type LlamaPart = { sequence: number; from: number; ids: readonly number[]; logitsOf: readonly number[] };

/** One loaded model with room for several sequences. */
export type LlamaRunner = {
  readonly sequences: number;
  /** Tokens of each sequence. */
  readonly contextLength: number;
  /** Computes parts of different sequences together. @returns for each, the places of its logits, valid until the next call */
  decode(parts: readonly LlamaPart[]): Promise<ReadonlyArray<readonly number[]>>;
  /** `reader`: calls that run at the same time have different ones. */
  read(place: number, wanted: WantedLogits, reader: number): Promise<ReadLogits>;
  /** Gives `to` all keys and values of `from`. */
  copy(from: number, to: number): Promise<void>;
  /** Drops what lies behind the first `length` tokens. @returns false where this model can't, and the sequence is empty now */
  truncate(sequence: number, length: number): boolean;
  close(): Promise<void>;
};

/** Ids of one call; more are split by llama.cpp. */
const batchTokens = 512;
/** Likeliest tokens that are read: nearly always all that a draw can reach. */
const likeliest = 256;
/** Less of the probability among them, and all logits are read. */
const leastCovered = 0.999;

export type LoadedLlama = {
  tokenise(text: string): number[];
  isEnd(id: number): boolean;
  /** Layers that the graphics card has. */
  gpuLayers: number;
  /** @throws Error where there is no memory for it */
  open(options: { sequences: number; contextLength: number; threads: number }): Promise<LlamaRunner>;
  close(): Promise<void>;
};

/** Loads the weights. @throws Error of llama.cpp */
export async function loadLlama({ library }: OpenLlama, options: { path: string; gpu: boolean }): Promise<LoadedLlama> {
  const onGpu = options.gpu && library.gpu !== false;
  const model = await library.loadModel({
    modelPath: options.path,
    gpuLayers: onGpu ? 'auto' : 0,
    // The memory was looked at before; its own estimate refuses what fits once the page cache gives way.
    ignoreMemorySafetyChecks: !onGpu,
  });
  return {
    tokenise: (text) => Array.from(model._model.tokenize(text, true)),
    isEnd: (id) => model._model.isEogToken(id),
    gpuLayers: model.gpuLayers,
    close: () => model.dispose(),
    async open({ sequences, contextLength, threads }) {
      const context = await model.createContext({
        sequences,
        contextSize: contextLength,
        batchSize: batchTokens,
        threads,
        flashAttention: onGpu,
        // Else a model with a sliding window could not go back.
        swaFullCache: true,
        failedCreationRemedy: false,
        ignoreMemorySafetyChecks: !onGpu,
      });
      const { AddonSampler } = library._bindings;
      const sampler = (config: Record<string, number>) => {
        const made = new AddonSampler(model._model);
        made.applyConfig(config);
        return made;
      };
      const readers = Array.from({ length: sequences }, () => ({
        top: sampler({ temperature: 1, topK: likeliest, seed: 1 }),
        all: sampler({ temperature: 0 }),
      }));
      const runner = createRunner(context._ctx, readers);
      return {
        ...runner,
        sequences,
        contextLength,
        async close() {
          for (const { top, all } of readers) for (const each of [top, all]) each.dispose();
          await context.dispose();
        },
      };
    },
  };
}

function createRunner(
  context: AddonContext,
  readers: ReadonlyArray<{ top: AddonSampler; all: AddonSampler }>,
): Omit<LlamaRunner, 'sequences' | 'contextLength' | 'close'> {
  return {
    async decode(parts) {
      context.initBatch(parts.reduce((sum, { ids }) => sum + ids.length, 0));
      const places = parts.map(({ sequence, from, ids, logitsOf }) =>
        Array.from(context.addToBatch(sequence, from, Uint32Array.from(ids), Uint32Array.from(logitsOf))),
      );
      await context.decodeBatch();
      return places;
    },
    async read(place, wanted, reader) {
      const samplers = readers[reader];
      if (samplers === undefined) throw new RangeError('no such reader');
      const all = async () => {
        const [, , , pairs = []] = await context.sampleToken(place, samplers.all, false, false, true, false);
        return { pairs };
      };
      if (wanted === 'all') return all();
      const named = wanted.length > 0 && ([wanted, false, false, false, 0] as const);
      // In turn: both use the same scratch of llama.cpp's context.
      const [, , , top = []] = await context.sampleToken(
        place,
        samplers.top,
        false,
        false,
        [[], false, false, false, likeliest],
        false,
      );
      const [, , , more = [], total = 0] = await context.sampleToken(
        place,
        samplers.all,
        false,
        false,
        named ? [...named] : false,
        true,
      );
      const max = top[1] ?? 0;
      let covered = 0;
      for (let at = 1; at < top.length; at += 2) covered += Math.exp((top[at] ?? 0) - max);
      if (covered < leastCovered * total) return all();
      return { pairs: more.length > 0 ? [...top, ...more] : top, logSumExp: max + Math.log(total) };
    },
    async copy(from, to) {
      await context.copySequenceStateFromOtherSequence(to, from);
    },
    truncate(sequence, length) {
      if (length > 0 && context.removeTokenCellsFromSequence(sequence, length, -1)) return true;
      context.disposeSequence(sequence);
      return length === 0;
    },
  };
}
