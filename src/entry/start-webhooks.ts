import type { Logger } from 'pino';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { ModelCatalog } from '../contracts/service/model-card.ts';
import type { PaceBook } from '../contracts/service/pace.ts';
import type { Consumer, JobQueue } from '../core/job-queue.ts';
import type { LanguageModel } from '../core/language-model.ts';
import type { WebhookSettings } from '../core/webhooks.ts';
import { createPost, StatusRefused } from '../outbound/post-json.ts';
import { AddressRefused, addressRefusal } from '../outbound/public-address.ts';
import { type Deliver, type Deliveries, GaveUp } from '../queue/webhooks/deliveries.ts';
import type { Strategy } from '../reasoning/strategy.ts';
import { summarise } from '../reasoning/summary.ts';
import type { Sealer } from '../store/sealer.ts';
import type { WorkerDependencies } from '../worker/dependencies.ts';
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
  openTool: NonNullable<WorkerDependencies['openTool']>;
  observeTool: NonNullable<WorkerDependencies['observeTool']>;
  pythonRefusal(): string | undefined;
  log: Logger;
}): Promise<Consumer> {
  const { environment, queue, catalog, models, sealer, pace, strategies, openTool, observeTool, log } = options;
  const effortTable = (model: string) => catalog.effortTable(model);
  const consuming = {
    concurrency: environment.THINKFIRST_CONCURRENCY,
    models: [...models.keys()],
    pythonRefusal: options.pythonRefusal,
    contextLengths: () => new Map([...models].map(([id, { contextLength }]) => [id, contextLength])),
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
      unseal: sealer.open,
      openTool,
      observeTool,
      cacheOwner: (owner) => sealer.mac(JSON.stringify(['cache', owner])),
      pace,
      now: Date.now,
      log,
    }),
  );
}

const answerMs = 15_000;

/** All that is read of a job: one of any version has it there. */
const Asked = z.object({ request: z.object({ webhook: z.object({ url: z.string() }).nullish() }) });

/** Sends what the queue has: signed by every secret of its owner that holds, at public addresses only. */
export function startWebhooks(options: {
  environment: Pick<Environment, 'THINKFIRST_PRIVATE_CALLBACKS'>;
  deliveries: Deliveries;
  settings: WebhookSettings;
  now(): number;
}): Promise<{ close(): Promise<void> }> {
  const { deliveries, settings } = options;
  const deliver = createDeliver(options);
  return deliveries.start({
    deliver,
    async urlOf(job) {
      return Asked.parse(job.body).request.webhook?.url ?? (await settings.of(job.owner)).url ?? undefined;
    },
  });
}

/** Standard Webhooks: `webhook-id` is the same for each attempt, `webhook-timestamp` its own. */
function createDeliver(options: {
  environment: Pick<Environment, 'THINKFIRST_PRIVATE_CALLBACKS'>;
  settings: WebhookSettings;
  now(): number;
}): Deliver {
  const { environment, settings, now } = options;
  const post = createPost({ allowPrivate: environment.THINKFIRST_PRIVATE_CALLBACKS, timeoutMs: answerMs });
  return async ({ id, url, event, owner }) => {
    const payload = JSON.stringify(event);
    const at = new Date(now());
    const messageId = `msg_${id}`;
    const secrets = await settings.secrets(owner);
    const headers = {
      'webhook-id': messageId,
      'webhook-timestamp': `${Math.floor(at.getTime() / 1000)}`,
      'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(messageId, at, payload)).join(' '),
    };
    try {
      await post(url, payload, { signal: AbortSignal.timeout(answerMs), headers });
    } catch (error) {
      // Only of what the address says by itself: what DNS says of a name is not told.
      if (error instanceof AddressRefused) throw new GaveUp(error.message);
      // The receiver says for good that it wants no more.
      if (error instanceof StatusRefused && error.status === 410) throw new GaveUp(error.message);
      throw error instanceof StatusRefused ? error : new Error('the address did not answer');
    }
  };
}

/** Why an address is never called, as far as it can be told without looking its name up. */
export function webhookRefusal(
  url: string,
  { THINKFIRST_PRIVATE_CALLBACKS: allowPrivate }: Pick<Environment, 'THINKFIRST_PRIVATE_CALLBACKS'>,
): string | undefined {
  return addressRefusal(url, { allowPrivate });
}
