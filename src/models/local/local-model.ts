import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { ModelLoad } from '../../core/inference-report.ts';
import type { LanguageModel, ModelCapabilities } from '../../core/language-model.ts';
import { createDecoderModel, createFolderGrammar, type EngineModel } from './decoder/decoder-model.ts';
import { isHalf, type ModelSource, modelFault } from './folder/model-files.ts';
import { loadModelFolder, type ModelFolder } from './folder/model-folder.ts';
import { createGenerateModel, generateCapabilities } from './generate/generate-model.ts';
import { isGguf } from './gguf/gguf-files.ts';
import { createGgufModel } from './gguf/gguf-local-model.ts';
import { outsideWeights } from './graph/onnx-file.ts';
import type { KvBits } from './graph/session.ts';

export type LocalModelOptions = {
  threads: number;
  /** Cap of the KV cache. */
  kvMegabytes: number;
  /** Bits of each number in the cache; 8 if the model supports it. */
  kvBits: KvBits;
  /** Whether a GGUF model may use the graphics card; default: yes. */
  gpu?: boolean;
  /** Epoch ms. */
  now(): number;
  /** One line for the log about a model that runs slower or with less than it could. */
  warn(message: string): void;
};

/** `load`: the current load of its decode loop, if it has one; its `batches` are counted since the model was loaded. */
export type LocalModel = LanguageModel & { load?(): Omit<ModelLoad, 'id'> };

/**
 * A local model with its weights: a GGUF file by llama.cpp; a folder through the batch decoder where that can drive its graph,
 * else through `generate()`, with a warning that says why.
 * @throws ServiceError `model_unavailable` in one line
 */
export async function createLocalModel(source: string | ModelSource, options: LocalModelOptions): Promise<LocalModel> {
  if (isGguf(typeof source === 'string' ? source : source.path)) {
    return withLoad(await createGgufModel(source, { gpu: true, ...options }));
  }
  const folder = await loadModelFolder(source);
  checkWeights(folder);
  const grammar = createFolderGrammar(folder);
  const opened = await createDecoderModel({ ...options, folder, ...(grammar && { grammar }) }).catch(
    (error: unknown) => {
      throw error instanceof ServiceError ? error : modelFault(folder.id, brokenWeights(folder, error), error);
    },
  );
  if ('unsupported' in opened) {
    options.warn(
      `${folder.id} runs through generate(), without batching, scores and constraints: ${opened.unsupported}`,
    );
    return createGenerateModel(folder, options);
  }
  const { name: family, correction } = folder.family;
  return withLoad({ ...opened.model, capabilities: { ...opened.model.capabilities, family, correction } });
}

function withLoad(model: EngineModel & { bytesPerToken: number }): LocalModel {
  const { stats, bytesPerToken } = model;
  return {
    ...model,
    load() {
      const { batches, running, waiting, usedTokens, tokens } = stats();
      const [kvUsedBytes, kvCapacityBytes] = [usedTokens * bytesPerToken, tokens * bytesPerToken];
      return { batches, running, waiting, kvUsedBytes, kvCapacityBytes };
    },
  };
}

/** Checks the weights next to the graph before it is opened. @throws ServiceError that names a missing or truncated file */
function checkWeights(folder: ModelFolder): void {
  const { path, bytes = 0 } = folder.onnx() ?? {};
  if (path === undefined) throw modelFault(folder.id, `there are no weights in ${folder.path}`);
  if (bytes < 1024 && readFileSync(path, 'utf8').startsWith('version https://git-lfs')) {
    throw modelFault(folder.id, `${path} is a Git LFS pointer and not the weights; \`git lfs pull\` fetches them`);
  }
  let outside: ReadonlyMap<string, number>;
  try {
    outside = outsideWeights(path);
  } catch (error) {
    throw modelFault(folder.id, brokenWeights(folder, error), error);
  }
  for (const [location, needed] of outside) {
    const file = join(dirname(path), location);
    if (!existsSync(file)) {
      throw modelFault(
        folder.id,
        `${file} is missing: ${basename(path)} has its weights there. Put it beside the graph`,
      );
    }
    const { size } = statSync(file);
    if (size < needed) {
      throw modelFault(folder.id, `${file} is cut short: it has ${size} bytes of ${needed}. Fetch it again`);
    }
  }
}

/** Why an existing file could not be opened: nearly always an incomplete download. */
function brokenWeights(folder: ModelFolder, error: unknown): string {
  const { path = '', bytes = 0 } = folder.onnx() ?? {};
  const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return `${path} (${bytes} bytes) can't be opened: ${reason.replace(/\.$/, '')}`;
}

/**
 * The model that `createLocalModel` would create from a folder, as far as that is known without its weights, for an API
 * without its own inference process. The decoder accepts caches of 32-bit floats.
 */
export function localCapabilities(
  folder: Pick<ModelFolder, 'family' | 'tokenizer' | 'computes' | 'onnx'>,
): ModelCapabilities {
  const capabilities = generateCapabilities(folder);
  const { dtype } = folder.onnx() ?? {};
  if (dtype !== undefined && isHalf(dtype)) return capabilities;
  const constraints = folder.tokenizer.textBytesOf ? (['json_object', 'json_schema', 'regex', 'choice'] as const) : [];
  const compute = { compute: true, ...(folder.computes && { computesByDefault: true as const }) };
  return { ...capabilities, constraints, score: true, batching: true, ...compute };
}
