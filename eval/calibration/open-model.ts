import type { LanguageModel } from '../../src/models/language-model.ts';
import { createLocalModel } from '../../src/models/local-model.ts';

/** A local model in this process, as the service has it: nothing else runs here that its thread could block. */
export function openModel(name: string, options: { threads: number; kvMegabytes: number }): Promise<LanguageModel> {
  return createLocalModel(name, { ...options, kvBits: 8, now: Date.now, warn: (message) => console.error(message) });
}
