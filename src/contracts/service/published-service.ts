import { z } from 'zod';
import { Effort } from '../responses/reasoning.ts';
import { EffortTable } from './effort-table.ts';
import { ModelCard } from './model-card.ts';

const AnyObject = z.looseObject({});

/**
 * What another process needs to count a local model's tokens: its family, its chat template and the two files of its
 * tokenizer.
 */
export const PublishedTokenizer = z.object({
  family: z.string(),
  chat_template: z.string(),
  /** tokenizer.json, gzipped, as base64. */
  tokenizer: z.string(),
  /** tokenizer_config.json. */
  config: AnyObject,
});
export type PublishedTokenizer = z.infer<typeof PublishedTokenizer>;

/** What an API without models (the edge) needs to know; an API process writes it when it starts. */
export const PublishedService = z.object({
  version: z.literal(1),
  /** Epoch ms. */
  published_at: z.number(),
  defaults: z.object({ effort: Effort, answer_tokens: z.int().positive() }),
  /** `tokenizer`: the key of its record; absent where tokens are estimated. */
  models: z.array(z.object({ card: ModelCard, effort_table: EffortTable, tokenizer: z.string().optional() })).min(1),
  /** `options` as JSON Schema. */
  strategies: z.array(z.object({ name: z.string(), description: z.string(), options: AnyObject })),
});
export type PublishedService = z.infer<typeof PublishedService>;

/** Keys among the small records. */
export const publishedServiceKey = 'published:service';
export const publishedTokenizerKey = (index: number): string => `published:tokenizer-${index}`;
