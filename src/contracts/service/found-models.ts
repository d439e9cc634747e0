import { z } from 'zod';
import { ModelCard } from './model-card.ts';
import { NewModel } from './model-configuration.ts';

/** A model that is on the machine of the service: at a server there, or in a folder where programs keep models. */
export const FoundModel = z.object({
  /** Id that it gets when it is added. */
  id: z.string(),
  /** What `POST /v1/configuration/models` takes to add it. */
  model: NewModel,
  /** The program that has it. */
  source: z.enum(['ollama', 'lmstudio', 'llama.cpp', 'vllm', 'hub', 'server']),
  /** Address of its server, or its file or folder. */
  place: z.string(),
  /** Of its weights; null if its server does not say. */
  bytes: z.int().nonnegative().nullable(),
  family: z.string().nullable(),
  /** Tokens. */
  context_length: z.int().positive().nullable(),
  /** What the service can do with it; null if it cannot be used. */
  capabilities: ModelCard.shape.capabilities.nullable(),
  /** Why it cannot be used, or what to do first. */
  notice: z.string().nullable(),
});
export type FoundModel = z.infer<typeof FoundModel>;

export const FoundModelList = z.object({ object: z.literal('list'), data: z.array(FoundModel) });
export type FoundModelList = z.infer<typeof FoundModelList>;
