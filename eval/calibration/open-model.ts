import { createDecoderModel } from '../../src/models/decoder/decoder-model.ts';
import type { LanguageModel } from '../../src/models/language-model.ts';
import { createGenerateModel } from '../../src/models/transformers/generate-model.ts';
import { loadModelFolder } from '../../src/models/transformers/model-folder.ts';

/** A local model in this process: nothing else runs here that its thread could block. */
export async function openModel(
  name: string,
  options: { threads: number; kvMegabytes: number },
): Promise<LanguageModel> {
  const folder = await loadModelFolder(name);
  const { now } = Date;
  const decoder = await createDecoderModel({ ...options, folder, now, warn: (message) => console.error(message) });
  if ('model' in decoder) return decoder.model;
  console.error(`${folder.id}: ${decoder.unsupported}; it runs over generate(), slowly`);
  return createGenerateModel(folder, { threads: options.threads, now });
}
