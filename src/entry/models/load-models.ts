import type { Logger } from 'pino';
import type { LanguageModel } from '../../core/language-model.ts';
import {
  type CatalogEntry,
  cardCapabilities,
  ggufCatalogEntry,
  localCatalogEntry,
} from '../../models/config/catalog.ts';
import { defaultThreads } from '../../models/config/default-threads.ts';
import { readEffortTable } from '../../models/config/effort-tables.ts';
import type { UpstreamModel } from '../../models/config/model-config.ts';
import { isGguf } from '../../models/local/gguf/gguf-files.ts';
import { localCapabilities } from '../../models/local/local-model.ts';
import type { InferenceObserver } from '../../models/local/process/inference-child.ts';
import { type InferenceProcess, startInferenceProcess } from '../../models/local/process/inference-process.ts';
import { createEmbed } from '../../models/servers/client/embed.ts';
import { createOpenaiModel } from '../../models/servers/openai-model.ts';
import type { Environment } from '../environment.ts';
import type { FetchedModel } from './fetch-models.ts';

export type LoadedModels = {
  /** By id. */
  models: ReadonlyMap<string, LanguageModel>;
  ready(): boolean;
  close(): Promise<void>;
};

/**
 * Starts what runs the configured models: one inference process for all local ones, a client for each upstream.
 * @throws ServiceError `model_unavailable` in one line
 */
export async function loadModels(options: {
  configs: readonly FetchedModel[];
  environment: Environment;
  /** What the inference process runs; default: workers/inference.ts. */
  inferenceEntry?: URL | undefined;
  observer?: InferenceObserver;
  /** Gives it up: what was started is gone before this throws its reason. */
  signal?: AbortSignal;
  log: Logger;
}): Promise<LoadedModels> {
  const { configs, environment, inferenceEntry, observer, signal, log } = options;
  const local = configs.filter(isLocal);
  let inference: InferenceProcess | undefined;
  if (local.length > 0) {
    inference = await startInferenceProcess({
      entry: inferenceEntry ?? new URL('../../../workers/inference.ts', import.meta.url),
      models: local.map(withSequences),
      threads: environment.THINKFIRST_THREADS ?? defaultThreads(),
      kvMegabytes: environment.THINKFIRST_KV_MB,
      kvBits: environment.THINKFIRST_KV_BITS,
      gpu: environment.THINKFIRST_GPU !== 'off',
      ...(observer && { observer }),
      signal,
      log,
    });
  }
  const warn = (message: string) => log.warn(message);
  const upstream = configs.flatMap((config) =>
    config.kind === 'upstream' ? [createOpenaiModel(config, { warn })] : [],
  );
  const models = new Map(inference?.models);
  for (const model of upstream) models.set(model.id, model);
  return {
    models,
    ready: () => inference?.ready ?? true,
    async close() {
      await Promise.all([inference?.close(), ...upstream.map((model) => model.close())]);
    },
  };
}

/** A GGUF model has as many sequences as its effort table says. */
function withSequences(config: FetchedFolder): FetchedFolder & { sequences?: number } {
  const { sequences } = readEffortTable(config.id, config.effortTable, config.family);
  return { ...config, ...(sequences !== undefined && { sequences }) };
}

/**
 * The catalog's entries, in the configuration's order. `loaded` are the models where this process has them: a GGUF model that
 * is missing among them was left out at the start.
 */
export function catalogEntries(
  configs: readonly FetchedModel[],
  loaded: ReadonlyMap<string, LanguageModel>,
): Promise<CatalogEntry[]> {
  const isLeftOut = (config: FetchedModel) =>
    loaded.size > 0 && config.kind !== 'upstream' && isGguf(config.path) && !loaded.has(config.id);
  return Promise.all(
    configs
      .filter((config) => !isLeftOut(config))
      .map((config) => {
        const model = loaded.get(config.id);
        if (config.kind !== 'upstream' && isGguf(config.path)) return ggufCatalogEntry(config, model);
        if (config.kind !== 'upstream') {
          return localCatalogEntry(
            config,
            (folder) => model?.capabilities ?? localCapabilities(folder),
            model?.contextLength,
          );
        }
        return upstreamEntry(config, model ?? createOpenaiModel(config));
      }),
  );
}

function upstreamEntry(config: UpstreamModel, model: LanguageModel): CatalogEntry {
  const { id, contextLength, capabilities } = model;
  return {
    get card() {
      return {
        id,
        created: 0,
        family: config.family,
        implementation: 'openai' as const,
        context_length: contextLength,
        capabilities: cardCapabilities(capabilities),
      };
    },
    countTokens: (prompt, options) => model.countTokens(prompt, options),
    embed: createEmbed(config),
  };
}

type FetchedFolder = Extract<FetchedModel, { kind: 'folder' }>;

function isLocal(config: FetchedModel): config is FetchedFolder {
  return config.kind !== 'upstream';
}
