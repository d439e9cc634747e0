import type { ModelCapabilities } from '../../../core/language-model.ts';
import type { ModelFolder } from '../folder/model-folder.ts';

/** What `generate()` of transformers.js lets us do with a model: no sharing of a prefill, no mask of a grammar, no scores of given texts. */
export function generateCapabilities(folder: Pick<ModelFolder, 'family'>): ModelCapabilities {
  return {
    thinking: true,
    exactBudget: true,
    rollback: true,
    constraints: [],
    logprobs: true,
    score: false,
    tools: folder.family.toolCallTags !== undefined,
    seed: true,
    batching: false,
    compute: false,
    family: folder.family.name,
    correction: folder.family.correction,
  };
}
