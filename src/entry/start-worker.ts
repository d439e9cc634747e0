import type { Logger } from 'pino';
import type { ModelCatalog } from '../contracts/service/model-card.ts';
import type { PaceBook } from '../contracts/service/pace.ts';
import type { Consumer, JobQueue } from '../core/job-queue.ts';
import type { LanguageModel } from '../core/language-model.ts';
import type { Strategy } from '../reasoning/strategy.ts';
import { summarise } from '../reasoning/summary.ts';
import type { Sealer } from '../store/sealer.ts';
import { runResponse } from '../worker/run-response.ts';
import type { Environment } from './environment.ts';

/** Starts to lease responses. */
export function startWorker(options: {
  environment: Environment;
  queue: JobQueue;
  catalog: ModelCatalog;
  models: ReadonlyMap<string, LanguageModel>;
  sealer: Sealer;
  pace: PaceBook;
  strategies: ReadonlyMap<string, Strategy>;
  log: Logger;
}): Promise<Consumer> {
  const { environment, queue, catalog, models, sealer, pace, strategies, log } = options;
  const effortTable = (model: string) => catalog.effortTable(model);
  const consuming = {
    concurrency: environment.THINKFIRST_CONCURRENCY,
    models: [...models.keys()],
    contextLengths: new Map([...models].map(([id, { contextLength }]) => [id, contextLength])),
    capabilities: () =>
      new Map(
        catalog
          .list()
          .flatMap((card) => (card.implementation === 'openai' ? [[card.id, card.capabilities] as const] : [])),
      ),
  };
  return queue.consume(consuming, (lease) =>
    runResponse(lease, {
      models,
      strategies,
      effortTable,
      summarise,
      seal: sealer.seal,
      cacheOwner: (owner) => sealer.mac(JSON.stringify(['cache', owner])),
      pace,
      now: Date.now,
      log,
    }),
  );
}
