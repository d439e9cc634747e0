import type { LanguageModel } from '../../src/models/language-model.ts';
import { createGenerateModel } from '../../src/models/transformers/generate-model.ts';
import { loadModelFolder } from '../../src/models/transformers/model-folder.ts';

/** A local model in this process: nothing else runs here that its thread could block. */
export async function openModel(name: string): Promise<LanguageModel> {
  return createGenerateModel(await loadModelFolder(name), { threads: 2, now: Date.now });
}
