import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { StrategyListing } from '../api/dependencies.ts';
import type { ModelCatalog } from '../contracts/service/model-card.ts';
import {
  type PublishedService,
  type PublishedTokenizer,
  publishedServiceKey,
  publishedTokenizerKey,
} from '../contracts/service/published-service.ts';
import type { RecordStore } from '../core/record-store.ts';
import { readTokenizerFiles } from '../models/local/folder/model-folder.ts';
import { isGguf } from '../models/local/gguf/gguf-files.ts';
import type { Environment } from './environment.ts';
import type { FetchedModel } from './models/fetch-models.ts';

/**
 * Writes what a front without models needs (src/edge.ts) among the records: the cards, the effort tables, the tokenizers.
 * Every API process writes the same; the last start wins.
 */
export async function publishService(options: {
  environment: Environment;
  configs: readonly FetchedModel[];
  catalog: ModelCatalog;
  strategies: readonly StrategyListing[];
  answerTokens: number;
  records: RecordStore;
}): Promise<void> {
  const { environment, configs, catalog, strategies, answerTokens, records } = options;
  const models: PublishedService['models'] = [];
  for (const [index, card] of catalog.list().entries()) {
    const config = configs.find(({ id }) => id === card.id);
    const model = { card, effort_table: catalog.effortTable(card.id) };
    if (config === undefined || config.kind === 'upstream' || isGguf(config.path)) {
      models.push(model);
      continue;
    }
    const { files, chatTemplate } = await readTokenizerFiles(config);
    const key = publishedTokenizerKey(index);
    await records.set(key, {
      family: card.family,
      chat_template: chatTemplate,
      tokenizer: gzipSync(JSON.stringify(files.tokenizer)).toString('base64'),
      config: files.config,
    } satisfies PublishedTokenizer);
    models.push({ ...model, tokenizer: key });
  }
  await records.set(publishedServiceKey, {
    version: 1,
    published_at: Date.now(),
    defaults: { effort: environment.THINKFIRST_DEFAULT_EFFORT, answer_tokens: answerTokens },
    models,
    strategies: strategies.map(({ name, description, options }) => ({
      name,
      description,
      options: z.toJSONSchema(options, { io: 'input' }),
    })),
  } satisfies PublishedService);
}
