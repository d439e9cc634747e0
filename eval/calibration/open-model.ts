import type { LanguageModel } from '../../src/core/language-model.ts';
import type { FetchedModel } from '../../src/entry/models/fetch-models.ts';
import { createLocalModel } from '../../src/models/local/local-model.ts';
import { createOpenaiModel } from '../../src/models/servers/openai-model.ts';
import { triedSequences } from './measure-sequences.ts';

/**
 * A model as the service opens it; a local one runs in this process, because nothing else here could be blocked by its
 * thread.
 * @param local for local models only: threads, and MB of the KV cache
 */
export async function openModel(
  config: FetchedModel,
  local: { threads: number; kvMegabytes: number },
): Promise<LanguageModel> {
  const warn = (message: string) => console.error(message);
  if (config.kind === 'upstream') return createOpenaiModel(config, { warn });
  return createLocalModel(
    { ...config, sequences: Math.max(...triedSequences) },
    { ...local, kvBits: 8, now: Date.now, warn },
  );
}
