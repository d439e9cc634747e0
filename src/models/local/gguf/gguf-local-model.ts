import { freemem } from 'node:os';
import { ServiceError } from '../../../contracts/service/service-error.ts';
import { createEngineModel, createFolderGrammar, type EngineModel } from '../decoder/decoder-model.ts';
import { type ModelSource, modelFault } from '../folder/model-files.ts';
import { type GgufModel, ggufChatModel, readGgufModel } from './gguf-model.ts';
import { type LoadedLlama, loadLlama, type OpenLlama, openLlama } from './llama-library.ts';
import { createSlotEngine } from './slot-engine.ts';

export type GgufModelOptions = {
  threads: number;
  /** Cap of keys and values, MiB. They are allocated at the start. */
  kvMegabytes: number;
  /** Whether a graphics card may be used. */
  gpu: boolean;
  /** Epoch ms. */
  now(): number;
  /** One line for the log. */
  warn(message: string): void;
};

/** Samples that are decoded together at most if that was not measured; fewer where the cache would leave each too little. */
const mostSequences = 4;
/** Tokens that each of several sequences has at least. */
const leastContext = 2048;
/** What llama.cpp takes beside weights and cache, at least: buffers of a batch and of its logits. */
const overheadBytes = 100 * 2 ** 20;

/**
 * A GGUF model in this process, by llama.cpp. Its header is read and its memory is counted before llama.cpp gets the file.
 * @throws ServiceError `model_unavailable` in one line that names the file
 */
export async function createGgufModel(
  source: string | ModelSource,
  options: GgufModelOptions,
): Promise<EngineModel & { bytesPerToken: number }> {
  const model = readGgufModel(source);
  const llama = await openLlama(options);
  let loaded: LoadedLlama | undefined;
  try {
    const room = roomOf(model, options.kvMegabytes, model.source.sequences);
    await checkMemory(model, room, llama);
    loaded = await loadLlama(llama, { path: model.path, gpu: options.gpu });
    const folder = ggufChatModel(model, loaded);
    const runner = await loaded.open({ ...room, threads: options.threads });
    const grammar = createFolderGrammar(folder);
    if (llama.library.gpu !== false) options.warn(placement(model, loaded, llama));
    const engine = createSlotEngine(runner, folder.vocabularySize);
    const served = createEngineModel({ folder, engine, now: options.now, ...(grammar && { grammar }) }, async () => {
      await runner.close();
      await loaded?.close();
      await llama.library.dispose();
    });
    const { name: family, correction } = folder.family;
    return {
      ...served,
      capabilities: { ...served.capabilities, batching: room.sequences > 1, family, correction },
      bytesPerToken: model.kvBytesPerToken,
    };
  } catch (error) {
    await loaded?.close();
    await llama.library.dispose();
    if (error instanceof ServiceError) throw error;
    const reason = llama.firstError() ?? (error instanceof Error ? error.message : String(error));
    throw modelFault(model.path, `llama.cpp cannot load it: ${reason.split('\n', 1)[0]?.replace(/\.$/, '')}`, error);
  }
}

/**
 * What a start would find, without loading the weights.
 * @throws ServiceError `model_unavailable` where it would fail
 */
export async function examineGguf(
  source: string | ModelSource,
  options: Pick<GgufModelOptions, 'gpu' | 'kvMegabytes'>,
): Promise<{ path: string; bytes: number; device: string }> {
  const model = readGgufModel(source);
  const llama = await openLlama({ ...options, threads: 1 });
  try {
    await checkMemory(model, roomOf(model, options.kvMegabytes, model.source.sequences), llama);
    const { gpu } = llama.library;
    const names = gpu === false ? [] : await llama.library.getGpuDeviceNames();
    const device = gpu === false ? 'processor' : `graphics card (${gpu}: ${names.join(', ')})`;
    return { path: model.path, bytes: model.files.bytes, device };
  } finally {
    await llama.library.dispose();
  }
}

/** How many sequences of how many tokens the cache holds. */
export function roomOf(
  { kvBytesPerToken, contextLength }: Pick<GgufModel, 'kvBytesPerToken' | 'contextLength'>,
  kvMegabytes: number,
  most = mostSequences,
): { sequences: number; contextLength: number } {
  const tokens = Math.floor((kvMegabytes * 2 ** 20) / kvBytesPerToken);
  const sequences = Math.max(1, Math.min(most, Math.floor(tokens / Math.min(leastContext, contextLength))));
  // llama.cpp takes multiples of 256.
  const each = Math.max(256, Math.floor(tokens / sequences / 256) * 256);
  return { sequences, contextLength: Math.min(contextLength, each) };
}

/** @throws ServiceError that says what is missing and what would fit */
async function checkMemory(
  model: GgufModel,
  room: { sequences: number; contextLength: number },
  { library }: OpenLlama,
): Promise<void> {
  const card = library.gpu === false ? 0 : (await library.getVramState()).free;
  const free = availableMemory() + card;
  const cache = room.sequences * room.contextLength * model.kvBytesPerToken;
  const needed = model.files.bytes + cache + overheadBytes;
  if (needed <= free) return;
  const rest = Math.max(0, free - cache - overheadBytes);
  throw modelFault(
    model.path,
    `it needs ${gigabytes(needed)} of memory (weights ${gigabytes(model.files.bytes)}, cache ${gigabytes(cache)}) and ${gigabytes(free)} are free. A file of at most ${gigabytes(rest)} fits, such as a smaller quantisation of it`,
  );
}

/** Bytes that this process can get, within the limit of a container. */
function availableMemory(): number {
  const { availableMemory: available }: { availableMemory?: () => number } = process;
  return available?.() ?? freemem();
}

function placement({ id, layers }: GgufModel, { gpuLayers }: LoadedLlama, { library }: OpenLlama): string {
  return `${id} runs on the graphics card (${library.gpu}): ${Math.min(gpuLayers, layers)} of ${layers} layers`;
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
