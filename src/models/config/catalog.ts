import type { Prompt } from '../../contracts/responses/prompt.ts';
import type { EffortTable } from '../../contracts/service/effort-table.ts';
import type { CountOptions, ModelCard, ModelCatalog } from '../../contracts/service/model-card.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { type LanguageModel, type ModelCapabilities, samplingFields } from '../../core/language-model.ts';
import { estimatePrompt } from '../../core/token-ledger.ts';
import { engineCapabilities } from '../local/decoder/decoder-model.ts';
import type { ModelSource } from '../local/folder/model-files.ts';
import { type ChatModel, loadModelFolder, type ModelFolder } from '../local/folder/model-folder.ts';
import { renderPrompt } from '../local/folder/render-prompt.ts';
import { readGgufModel } from '../local/gguf/gguf-model.ts';
import type { Embed } from '../servers/client/embed.ts';
import { readEffortTable } from './effort-tables.ts';

/** One model as the catalogue shows it. */
export type CatalogEntry = {
  /** Read each time: what a server can do turns out while it is used. */
  readonly card: ModelCard;
  /** As `ModelCatalog.countTokens`. */
  countTokens(prompt: Prompt, options: CountOptions): Promise<number>;
  /** Absent: it makes no embeddings. */
  embed?: Embed | undefined;
};

/** A catalogue that models are added to and removed from while it is used. */
export type LiveCatalog = ModelCatalog & {
  /** Puts a model at the end. @throws Error for an id that is there */
  add(entry: CatalogEntry): void;
  /** Takes a model out of the list; its effort table stays known, for responses that still run. */
  remove(id: string): void;
};

/**
 * A catalogue of entries in order; the first is the default.
 * @param tables effort tables by id; a model that has none here gets the package's own, or the default of its family
 * @throws Error for two models of one id, or none
 */
export function createModelCatalog(
  entries: readonly CatalogEntry[],
  tables: ReadonlyMap<string, EffortTable> = new Map(),
): LiveCatalog {
  const byId = new Map<string, CatalogEntry>();
  const ownTables = new Map<string, EffortTable>();
  const add = (entry: CatalogEntry, table?: EffortTable) => {
    const { id, family } = entry.card;
    if (byId.has(id)) throw new Error('a catalog needs models with different ids');
    ownTables.set(id, table ?? readEffortTable(id, undefined, family));
    byId.set(id, entry);
  };
  for (const entry of entries) add(entry, tables.get(entry.card.id));
  if (entries.length === 0) throw new Error('a catalog needs a model');
  const known = <T>(map: ReadonlyMap<string, T>, id: string): T => {
    const value = map.get(id);
    if (value === undefined)
      throw new ServiceError({ code: 'model_not_found', param: 'model', message: `There is no model ${id}.` });
    return value;
  };
  return {
    list: () => [...byId.values()].map(({ card }) => card),
    get: (id) => byId.get(id)?.card,
    effortTable: (id) => known(ownTables, id),
    countTokens: async (id, prompt, options) => known(byId, id).countTokens(prompt, options),
    embed: async (id, asked, options) => known(byId, id).embed?.(asked, options),
    add: (entry) => add(entry),
    remove: (id) => void byId.delete(id),
  };
}

/**
 * The entry of a local model: its tokenizer and configuration are read, its weights are not.
 * @param capabilities what the implementation that will run it can do
 * @param contextLength tokens that it has room for where it runs, if that is known; the cache may hold fewer than the model takes
 * @throws ServiceError `model_unavailable` in one line
 */
export async function localCatalogEntry(
  model: string | ModelSource,
  capabilities: (folder: ModelFolder) => ModelCapabilities,
  contextLength?: number,
): Promise<CatalogEntry> {
  const folder = await loadModelFolder(model);
  const can = capabilities(folder);
  return {
    card: localCard(folder, { implementation: 'transformers', contextLength, can }),
    countTokens: async (prompt, options) => (await renderPrompt(folder, prompt, options)).length,
  };
}

/**
 * The entry of a GGUF model, by its header alone.
 * @param model where it runs in reach of this process: it counts tokens, which are estimated without it
 * @throws ServiceError `model_unavailable` in one line that names the file
 */
export async function ggufCatalogEntry(source: ModelSource, model?: LanguageModel): Promise<CatalogEntry> {
  const gguf = readGgufModel(source);
  return {
    card: localCard(gguf, {
      implementation: 'llama.cpp',
      contextLength: model?.contextLength,
      can: model?.capabilities ?? engineCapabilities(gguf, true),
    }),
    countTokens: async (prompt, options) => model?.countTokens(prompt, options) ?? estimatePrompt(prompt),
  };
}

/** `contextLength`: what there is room for, where that is known. */
function localCard(
  model: Pick<ChatModel, 'id' | 'created' | 'family' | 'contextLength'>,
  run: { implementation: ModelCard['implementation']; contextLength: number | undefined; can: ModelCapabilities },
): ModelCard {
  return {
    id: model.id,
    created: model.created,
    family: model.family.name,
    implementation: run.implementation,
    context_length: run.contextLength ?? model.contextLength,
    capabilities: cardCapabilities(run.can),
  };
}

/** The capabilities as a card shows them. */
export function cardCapabilities(can: ModelCapabilities): ModelCard['capabilities'] {
  return {
    thinking: can.thinking,
    exact_budget: can.exactBudget,
    rollback: can.rollback,
    constraints: [...can.constraints],
    logprobs: can.logprobs,
    score: can.score,
    tools: can.tools,
    seed: can.seed,
    batching: can.batching,
    ...(can.parallel !== undefined && { parallel: can.parallel }),
    ...(can.serverBudget !== undefined && { server_budget: can.serverBudget }),
    compute: can.compute,
    ...(can.compute && can.computesTextOnly && { compute_text_only: true }),
    compute_default: can.compute && can.computesByDefault === true,
    sampling: (can.sampling ?? samplingFields).map((name) => requestField[name]),
    inputs: ['text', ...(can.inputs ?? [])],
  };
}

const requestField = {
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  minP: 'min_p',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
  logitBias: 'logit_bias',
} as const;
