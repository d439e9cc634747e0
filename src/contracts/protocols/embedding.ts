import { z } from 'zod';
import { CreateResponse } from '../responses/create-response.ts';

/**
 * Requests and responses of `POST /v1/embeddings` and `POST /api/embed`, which are passed to the model's server if it
 * has such a route.
 */

const { shape } = CreateResponse;
const text = z.string().min(1);
const texts = z.union([text, z.array(text).min(1).max(2_048)]);

export const CreateEmbeddings = z.object({
  model: z.string().min(1).max(256),
  input: texts,
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.int().positive().max(65_536).nullish(),
  user: shape.user,
});
export type CreateEmbeddings = z.infer<typeof CreateEmbeddings>;

const count = z.int().nonnegative();

export const Embeddings = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({ object: z.literal('embedding'), index: count, embedding: z.union([z.array(z.number()), z.string()]) }),
  ),
  model: z.string(),
  usage: z.object({ prompt_tokens: count, total_tokens: count }),
});
export type Embeddings = z.infer<typeof Embeddings>;

export const OllamaEmbedRequest = z.object({
  model: z.string().min(1).max(256),
  input: texts,
  dimensions: CreateEmbeddings.shape.dimensions,
});

export const OllamaEmbeddings = z.object({
  model: z.string(),
  embeddings: z.array(z.array(z.number())),
  prompt_eval_count: count,
});
export type OllamaEmbeddings = z.infer<typeof OllamaEmbeddings>;
