import { z } from 'zod';
import type { Prompt } from '../responses/prompt.ts';
import type { EffortTable } from './effort-table.ts';

/**
 * What the workers announced about their models, by id. `contextLengths`: tokens. `capabilities`: for models on
 * servers. `pythonRefusals`: why Python can't run on a worker's machine, if it can't.
 */
export type WorkersModels = {
  contextLengths: ReadonlyMap<string, number>;
  capabilities: ReadonlyMap<string, ModelCard['capabilities']>;
  pythonRefusals: ReadonlyMap<string, string>;
};

/**
 * A catalog whose cards match what the workers announced, if they run elsewhere: their KV caches may hold fewer tokens
 * than the model accepts, and a server may turn out to support less, or more. `known` is read at each access.
 */
export function asWorkersHave(catalog: ModelCatalog, known: () => WorkersModels): ModelCatalog {
  const shown = (card: ModelCard): ModelCard => {
    const { contextLengths, capabilities, pythonRefusals } = known();
    const length = contextLengths.get(card.id);
    const refusal = pythonRefusals.get(card.id);
    const learned = card.implementation === 'openai' ? capabilities.get(card.id) : undefined;
    return {
      ...card,
      ...(length !== undefined && { context_length: length }),
      ...(learned !== undefined && { capabilities: learned }),
      ...(refusal !== undefined && { code_interpreter_refusal: refusal }),
    };
  };
  return {
    ...catalog,
    list: () => catalog.list().map(shown),
    get(id) {
      const card = catalog.get(id);
      return card && shown(card);
    },
  };
}

/**
 * Whether a model's server itself ends a thought at the budget; the budget is kept in any case. `unverified`: it was
 * asked to, but no thought has been long enough yet. `none`: it has no such field.
 */
export const serverBudgetStates = ['none', 'unverified', 'honoured', 'ignored', 'refused'] as const;

/**
 * Where a model comes from (`added`: by an admin, while the service ran) and whether it can be used. `loading`: a worker
 * loads, downloads or looks for it, or no worker has begun to. `reason`: why it failed, or what it waits for; only for keys
 * with `admin`.
 */
export const ModelState = z.object({
  source: z.enum(['variable', 'file', 'embedded', 'added']),
  status: z.enum(['ready', 'loading', 'failed']),
  reason: z.string().nullable(),
  /** Of its download, while there is one. */
  percent: z.int().min(0).max(100).nullable(),
});
export type ModelState = z.infer<typeof ModelState>;
/** As an answer may have it: the edge, or an older version, does not say. */
export type ShownModelState = { [Field in keyof ModelState]?: ModelState[Field] | undefined };

/** What `GET /v1/models` shows about a model. Tokens. */
export const ModelCard = z.object({
  id: z.string(),
  /** Epoch seconds. */
  created: z.int(),
  family: z.string(),
  implementation: z.enum(['transformers', 'llama.cpp', 'openai', 'scripted']),
  context_length: z.int().positive(),
  /** Why the tool `code_interpreter` can't run on the machine of one of its workers. Absent: it can, or no worker has announced otherwise. */
  code_interpreter_refusal: z.string().optional(),
  capabilities: z.object({
    thinking: z.boolean(),
    exact_budget: z.boolean(),
    rollback: z.boolean(),
    constraints: z.array(z.string()),
    logprobs: z.boolean(),
    score: z.boolean(),
    tools: z.boolean(),
    seed: z.boolean(),
    batching: z.boolean(),
    /**
     * For a model on a server: how many chains are known to run there at the same time. 1: no more than one is known.
     */
    parallel: z.int().positive().optional(),
    /** Only for a model on a server. */
    server_budget: z.enum(serverBudgetStates).optional(),
    /** Whether values can be computed in its thoughts (`reasoning.compute`). */
    compute: z.boolean().default(false),
    /** For a model on a server: values are computed only if the prompt has no tools, images or files. */
    compute_text_only: z.boolean().optional(),
    /** Whether the model was made for it, so that `auto` is on. */
    compute_default: z.boolean().default(false),
    /** Sampling fields of a request that are applied. */
    sampling: z.array(
      z.enum(['temperature', 'top_p', 'top_k', 'min_p', 'presence_penalty', 'frequency_penalty', 'logit_bias']),
    ),
    /** What a user's message may contain. */
    inputs: z.array(z.enum(['text', 'image', 'file'])),
  }),
});
export type ModelCard = z.infer<typeof ModelCard>;

/** The configured models without their weights, as the API needs them: it counts tokens before it accepts a request. */
export interface ModelCatalog {
  /** The first one is the default. */
  list(): readonly ModelCard[];
  get(id: string): ModelCard | undefined;
  effortTable(id: string): EffortTable;
  /** By id, also of models that are not in the list yet. Absent (at the edge): unknown. */
  states?(): ReadonlyMap<string, ModelState>;
  /**
   * Tokens of the rendered prompt; long texts are counted in pieces so that the event loop is not blocked. Above `most`
   * counting may stop: the result is then some number above it.
   * @throws the signal's reason
   */
  countTokens(id: string, prompt: Prompt, options: CountOptions): Promise<number>;
  /**
   * The response of the model's server to OpenAI's request for embeddings; undefined for a model without embeddings.
   */
  embed?(id: string, asked: object, options: { signal: AbortSignal }): Promise<object | undefined>;
}
export type CountOptions = { thinking: boolean; most?: number; signal?: AbortSignal };
