import { z } from 'zod';
import type { Prompt } from '../responses/prompt.ts';
import type { EffortTable } from './effort-table.ts';

/** What the workers say of their models, by id. `contextLengths`: tokens. `capabilities`: of models behind servers. */
export type WorkersModels = {
  contextLengths: ReadonlyMap<string, number>;
  capabilities: ReadonlyMap<string, ModelCard['capabilities']>;
};

/**
 * A catalogue whose cards promise no more than the workers have, where those run elsewhere: their key/value caches may hold
 * fewer tokens than the model takes, and a server may turn out to do less, or more. `known` is read at each look.
 */
export function asWorkersHave(catalog: ModelCatalog, known: () => WorkersModels): ModelCatalog {
  const shown = (card: ModelCard): ModelCard => {
    const { contextLengths, capabilities } = known();
    const length = contextLengths.get(card.id);
    const learned = card.implementation === 'openai' ? capabilities.get(card.id) : undefined;
    return {
      ...card,
      ...(length !== undefined && { context_length: length }),
      ...(learned !== undefined && { capabilities: learned }),
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
 * Whether a model's server ends a thought at the budget by itself; the budget holds in any case. `unverified`: it is asked to,
 * and no thought was so long yet. `none`: it has no such field.
 */
export const serverBudgetStates = ['none', 'unverified', 'honoured', 'ignored', 'refused'] as const;

/** What `GET /v1/models` shows of a model. Tokens. */
export const ModelCard = z.object({
  id: z.string(),
  /** Epoch seconds. */
  created: z.int(),
  family: z.string(),
  implementation: z.enum(['transformers', 'openai', 'scripted']),
  context_length: z.int().positive(),
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
    /** Of a model behind a server: chains that are known to run there at the same time. 1: no more is known. */
    parallel: z.int().positive().optional(),
    /** Of a model behind a server. */
    server_budget: z.enum(serverBudgetStates).optional(),
    /** Values can be computed in its thoughts (`reasoning.compute`). */
    compute: z.boolean().default(false),
    /** It was made for that: `auto` is on. */
    compute_default: z.boolean().default(false),
    /** Fields of a request's sampling that are honoured. */
    sampling: z.array(
      z.enum(['temperature', 'top_p', 'top_k', 'min_p', 'presence_penalty', 'frequency_penalty', 'logit_bias']),
    ),
    /** What a user's message may hold. */
    inputs: z.array(z.enum(['text', 'image', 'file'])),
  }),
});
export type ModelCard = z.infer<typeof ModelCard>;

/** The configured models without their weights, as the API needs them: it counts tokens before it accepts. */
export interface ModelCatalog {
  /** The first is the default. */
  list(): readonly ModelCard[];
  get(id: string): ModelCard | undefined;
  effortTable(id: string): EffortTable;
  /**
   * Tokens of the rendered prompt; long texts are counted in pieces so that the event loop stays free. Above `most` the count
   * may end: it is then some number above it.
   * @throws the signal's reason
   */
  countTokens(id: string, prompt: Prompt, options: CountOptions): Promise<number>;
  /** What the model's server answers to OpenAI's request for embeddings; undefined for a model that makes none. */
  embed?(id: string, asked: object, options: { signal: AbortSignal }): Promise<object | undefined>;
}
export type CountOptions = { thinking: boolean; most?: number; signal?: AbortSignal };
