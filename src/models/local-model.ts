import type { LanguageModel } from './language-model.ts';
import { createGenerateModel } from './transformers/generate-model.ts';
import type { ModelSource } from './transformers/model-files.ts';
import { loadModelFolder } from './transformers/model-folder.ts';

export type LocalModelOptions = {
  threads: number;
  /** Cap of the KV cache. */
  kvMegabytes: number;
  /** Epoch ms. */
  now(): number;
};

/**
 * A local model with its weights, through the best implementation that can drive its graph.
 * @throws ServiceError `model_unavailable` in one line
 */
export async function createLocalModel(
  source: string | ModelSource,
  options: LocalModelOptions,
): Promise<LanguageModel> {
  return createGenerateModel(await loadModelFolder(source), options);
}
