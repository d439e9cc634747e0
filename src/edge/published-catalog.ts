import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import type { ApiDefaults, StrategyListing } from '../api/dependencies.ts';
import { asWorkersHave, type ModelCatalog, type WorkersModels } from '../contracts/service/model-card.ts';
import { PublishedService, PublishedTokenizer, publishedServiceKey } from '../contracts/service/published-service.ts';
import { ServiceError } from '../contracts/service/service-error.ts';
import type { RecordStore } from '../core/record-store.ts';
import { estimatePrompt } from '../core/token-ledger.ts';
import { familyByName } from '../models/families/index.ts';
import { plain } from '../models/families/plain.ts';
import { renderPrompt } from '../models/local/folder/render-prompt.ts';
import { createModelTokenizer } from '../models/local/folder/tokenizer.ts';
import { type AnnouncedDirectory, readWorkersModels } from '../queue/responses/job-directory.ts';

type RenderingModel = Parameters<typeof renderPrompt>[0];

/** Not tied to a request, so all requests of an isolate may share it. */
let published:
  | {
      service: PublishedService;
      strategies: readonly StrategyListing[];
      workers: WorkersModels;
      readAt: number;
    }
  | undefined;
const tokenizers = new Map<string, RenderingModel>();
const freshMs = 60_000;

/**
 * The models and defaults that an API process has published. Read once a minute; a tokenizer is read when it is first
 * used.
 * @throws ServiceError `backend_unavailable` if nothing was published
 */
export async function readPublishedService(
  records: RecordStore,
  directory: AnnouncedDirectory,
): Promise<{ catalog: ModelCatalog; defaults: ApiDefaults; strategies: readonly StrategyListing[] }> {
  if (published === undefined || Date.now() - published.readAt > freshMs) {
    const service = PublishedService.safeParse(await records.get(publishedServiceKey)).data;
    if (service === undefined) {
      const message = 'No API process has published its models in this Redis yet; start npm run serve once.';
      throw new ServiceError({ code: 'backend_unavailable', message, retryAfterSeconds: 10 });
    }
    if (service.published_at !== published?.service.published_at) tokenizers.clear();
    const strategies = service.strategies.map((one) => ({ ...one, options: z.fromJSONSchema(one.options) }));
    published = { service, strategies, workers: await readWorkersModels(directory), readAt: Date.now() };
  }
  const { workers, strategies } = published;
  const { models, defaults } = published.service;
  const known = (id: string) => {
    const model = models.find(({ card }) => card.id === id);
    if (model !== undefined) return model;
    throw new ServiceError({ code: 'model_not_found', param: 'model', message: `There is no model ${id}.` });
  };
  return {
    defaults: { effort: defaults.effort, answerTokens: defaults.answer_tokens },
    strategies,
    catalog: asWorkersHave(
      {
        list: () => models.map(({ card }) => card),
        get: (id) => models.find(({ card }) => card.id === id)?.card,
        effortTable: (id) => known(id).effort_table,
        async countTokens(id, prompt, options) {
          const { tokenizer } = known(id);
          if (tokenizer === undefined) return estimatePrompt(prompt);
          return (await renderPrompt(await renderingModel(tokenizer, records), prompt, options)).length;
        },
      },
      () => workers,
    ),
  };
}

async function renderingModel(key: string, records: RecordStore): Promise<RenderingModel> {
  const loaded = tokenizers.get(key);
  if (loaded !== undefined) return loaded;
  const { family, chat_template, tokenizer, config } = PublishedTokenizer.parse(await records.get(key));
  const json: unknown = JSON.parse(gunzipSync(Buffer.from(tokenizer, 'base64')).toString('utf8'));
  const files = { tokenizer: z.looseObject({}).parse(json), config };
  const model = { family: familyByName(family) ?? plain, tokenizer: createModelTokenizer(files, chat_template) };
  tokenizers.set(key, model);
  return model;
}
