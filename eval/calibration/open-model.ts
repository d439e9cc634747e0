import type { LanguageModel } from '../../src/core/language-model.ts';
import type { FetchedModel } from '../../src/entry/fetch-models.ts';
import { createLocalModel } from '../../src/models/local/local-model.ts';

import { createOpenaiModel } from '../../src/models/servers/openai-model.ts';

/**
 * A model as the service has it; a local one in this process, where nothing else runs that its thread could block.
 * @param local of local models alone: threads, and MB of the key/value cache
 */
export async function openModel(
  config: FetchedModel,
  local: { threads: number; kvMegabytes: number },
): Promise<LanguageModel> {
  const warn = (message: string) => console.error(message);
  if (config.kind === 'upstream') return createOpenaiModel(config, { warn });
  return createLocalModel(config, { ...local, kvBits: 8, now: Date.now, warn });
}
