import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { asWorkersHave } from '../contracts/service/model-card.ts';
import { retiredChecksOf } from '../contracts/service/retired-checks.ts';
import type { Consumer, JobQueue } from '../core/job-queue.ts';
import type { RecordStore } from '../core/record-store.ts';
import { sweepRecords } from '../maintenance/sweep-records.ts';
import { createModelCatalog } from '../models/config/catalog.ts';
import { readEffortTable } from '../models/config/effort-tables.ts';
import type { HubProgress } from '../models/local/folder/hub.ts';
import { createPostJson, type PostJson } from '../outbound/post-json.ts';
import type { Deliveries } from '../queue/webhooks/deliveries.ts';
import { loadPrompts } from '../reasoning/prompts.ts';
import { createStrategies } from '../reasoning/strategies/index.ts';
import { createPaceBook } from '../store/pace-book.ts';
import { createWebhookSettings } from '../store/webhook-settings.ts';
import { banner } from './banner.ts';
import { checkAccess } from './check-access.ts';
import { configuredModels } from './configured-models.ts';
import { type Environment, parseEnvironment, unknownText, unknownVariables } from './environment.ts';
import { type FetchedModel, fetchModels, logProgress } from './fetch-models.ts';
import { bindFault, type Invocation, type Listening, listen, npmInvocation } from './listen.ts';
import { listenMetrics } from './listen-metrics.ts';
import { catalogEntries, type LoadedModels, loadModels } from './load-models.ts';
import { createLogger } from './logger.ts';
import { openConsole } from './open-console.ts';
import { type Limits, openLimits } from './open-limits.ts';
import { type Operations, openOperations } from './open-operations.ts';
import { type OpenedQueue, openQueue } from './open-queue.ts';
import { openRecords } from './open-records.ts';
import { publishService } from './publish-service.ts';
import { type Running, StartError } from './run-entry.ts';
import { backendAnswers, defaultAnswerTokens, followWorkers, localFiles, startApi } from './start-api.ts';
import { startWebhooks, startWorker, webhookRefusal } from './start-webhooks.ts';

/** Which halves run in this process. One alone needs Redis, where it meets the other. */
export type Halves = { api: boolean; worker: boolean };

/** `url` of the API, where this process has it. */
export type RunningService = Running & { readonly url: string | undefined };

/**
 * Opens what the halves need, in an order in which the likeliest mistakes are told first. Closing stops the intake and
 * drains, then closes the models and the queue.
 * @throws StartError or ServiceError with one line for the operator
 */
export async function startService({
  api,
  worker,
  variables,
  invocation = npmInvocation({ api, worker }),
  modelsOption,
  inferenceEntry,
  page: withPage = true,
  announce = (text) => void process.stdout.write(text),
  onDownload,
}: Halves & {
  variables: Readonly<Record<string, string | undefined>>;
  /** Default: npm's script for these halves. */
  invocation?: Invocation;
  /** `--models`, where that stands for THINKFIRST_MODELS. */
  modelsOption?: string | undefined;
  /** What the inference process runs; default: workers/inference.ts. */
  inferenceEntry?: URL;
  /** False: without the console, which a command that asks one question has no use for. */
  page?: boolean;
  /** Hears of a model that is downloaded from the hub; default: the log. */
  onDownload?: ((progress: HubProgress) => void) | undefined;
  /** Takes the banner; default: standard output. */
  announce?(text: string): void;
}): Promise<RunningService> {
  const startedAt = performance.now();
  const environment = parseEnvironment(variables);
  checkHalves({ api, worker }, environment, invocation);
  const log = createLogger(environment);
  for (const unknown of unknownVariables(variables)) log.warn(unknownText(unknown));
  const opened: Opened = {};
  const close = ({ graceMs }: { graceMs: number }) => closeAll(opened, graceMs);
  try {
    const operations = await openOperations(environment);
    opened.operations = operations;
    const ready = async () => {
      const { ready: started = false, loaded, queue } = opened;
      return started && (loaded?.ready() ?? true) && queue !== undefined && (await backendAnswers(queue));
    };
    opened.metrics = await listenMetrics(environment, { metrics: operations.metrics, ready });
    if (api) {
      await checkAccess(environment, variables);
      const metricsPort = opened.metrics?.port;
      const fault = (error: NodeJS.ErrnoException) => bindFault(error, { environment, invocation, metricsPort });
      const { HOST: host, PORT: port, THINKFIRST_BODY_LIMIT: messageBytes } = environment;
      opened.listening = await listen({ host, port, fault, messageBytes });
    }
    // Built beside the models' loading, where it is stale.
    const page = api && withPage ? openConsole({ log }) : undefined;
    const named = configuredModels(environment, variables, { modelsOption });
    const onProgress = onDownload ?? logProgress(log);
    const configs = await fetchModels(named, { environment, weights: worker, onProgress });
    // The catalogue has those of the others: a default depends on the model's family.
    const ownTables = configs.filter(({ effortTable }) => effortTable !== undefined);
    const tables = new Map(ownTables.map(({ id, effortTable }) => [id, readEffortTable(id, effortTable)]));
    for (const [model, table] of tables) {
      const names = retiredChecksOf(table);
      if (names.length > 0) log.warn({ model, checks: names }, 'the effort table names checks that no longer exist');
    }
    const { queue, deliveries, swept, loaded } = await openBackends(opened, {
      worker,
      configs,
      environment,
      inferenceEntry,
      operations,
      log,
    });
    const { records, sealer } = await openRecords(environment);
    opened.records = records;
    const { THINKFIRST_WEBHOOK_SECRET: given } = environment;
    const webhookSettings = createWebhookSettings({ records, sealer, given, now: Date.now });
    if (worker) {
      const onError = (error: unknown) => log.warn({ err: error }, 'records could not be swept');
      const retentionMs = environment.THINKFIRST_RETENTION_DAYS * 86_400_000;
      opened.sweep = sweepRecords({ queue: swept, records, retentionMs, now: Date.now, onError });
      const sending = { environment, deliveries, settings: webhookSettings, now: Date.now };
      opened.webhooks = await startWebhooks(sending);
    }
    const catalog = createModelCatalog(await catalogEntries(configs, loaded?.models ?? new Map()), tables);
    const prompts = loadPrompts(fileURLToPath(new URL('../../prompts', import.meta.url)));
    const strategies = createStrategies({ prompts, postCheck: callbacks(environment) });
    if (loaded !== undefined) {
      opened.consumer = await startWorker({
        environment,
        queue,
        catalog,
        models: operations.observeModels(loaded.models, (id) => catalog.get(id)?.implementation),
        sealer,
        pace: createPaceBook({ records, now: Date.now }),
        strategies,
        log,
      });
    }
    const { listening } = opened;
    if (listening !== undefined) {
      opened.workers = await followWorkers({
        directory: swept.queues.directory,
        onError: (error) => log.debug({ err: error }, 'the workers could not be asked'),
      });
      const { known } = opened.workers;
      const modelsReady = () => loaded?.ready() ?? true;
      const files = await page;
      opened.limits = openLimits(environment, records);
      startApi({
        environment,
        listening,
        queue,
        catalog: asWorkersHave(catalog, known),
        records,
        sealer,
        keyLimits: opened.limits,
        strategies,
        console: files,
        files: localFiles({ variables, log }),
        modelsReady,
        operations: operations.api,
        webhooks: { settings: webhookSettings, deliveries, refusal: (url) => webhookRefusal(url, environment) },
        log,
      });
    }
    if (api && environment.REDIS_URL !== undefined) {
      // For fronts that have no models of their own; this one needs nothing of it.
      const published = { environment, configs, catalog, records, answerTokens: defaultAnswerTokens };
      publishService({ ...published, strategies: [...strategies.values()] }).catch((error: unknown) =>
        log.warn({ err: error }, 'the models were not published for the edge'),
      );
    }
    opened.ready = true;
    const seconds = (performance.now() - startedAt) / 1000;
    announce(banner({ environment, catalog, api, worker, url: listening?.url, seconds }));
    return { close, url: listening?.url };
  } catch (error) {
    await close({ graceMs: 0 });
    throw error;
  }
}

type Opened = {
  listening?: Listening;
  consumer?: Consumer;
  webhooks?: { close(): Promise<void> };
  sweep?: { close(): void };
  workers?: Awaited<ReturnType<typeof followWorkers>>;
  loaded?: LoadedModels;
  queue?: JobQueue;
  records?: RecordStore;
  limits?: Limits;
  operations?: Operations;
  metrics?: Awaited<ReturnType<typeof listenMetrics>>;
  ready?: boolean;
};

/** Models and queue open side by side: each takes seconds. Without a queue the models are not waited for. */
async function openBackends(
  opened: Opened,
  options: {
    worker: boolean;
    configs: readonly FetchedModel[];
    environment: Environment;
    inferenceEntry: URL | undefined;
    operations: Operations;
    log: Logger;
  },
): Promise<{ queue: JobQueue; deliveries: Deliveries; swept: OpenedQueue; loaded: LoadedModels | undefined }> {
  const { worker, configs, environment, inferenceEntry, operations, log } = options;
  const { instruments } = operations;
  const opening = openQueue(environment, { log, instruments }).then((queue) => {
    opened.queue = operations.observeQueue(queue);
    return { queue: opened.queue, deliveries: queue.deliveries, swept: queue };
  });
  const noQueue = new AbortController();
  opening.catch((error: unknown) => noQueue.abort(error));
  const { signal } = noQueue;
  const loading = (
    worker
      ? loadModels({ configs, environment, inferenceEntry, observer: operations.metrics.inference, signal, log })
      : Promise.resolve(undefined)
  ).then((loaded) => {
    if (loaded !== undefined) opened.loaded = loaded;
    return loaded;
  });
  // Both settle before either fault is thrown, so that what did open is closed.
  await Promise.allSettled([opening, loading]);
  return { ...(await opening), loaded: await loading };
}

async function closeAll(
  { listening, consumer, webhooks, sweep, workers, loaded, queue, records, limits, operations, metrics }: Opened,
  graceMs: number,
): Promise<void> {
  await Promise.all([listening?.close({ graceMs }), consumer?.close({ drainMs: graceMs })]);
  sweep?.close();
  workers?.close();
  await webhooks?.close();
  await loaded?.close();
  await queue?.close();
  limits?.close();
  await records?.close();
  await Promise.all([metrics?.close(), operations?.close()]);
}

function checkHalves({ api, worker }: Halves, { REDIS_URL }: Environment, invocation: Invocation): void {
  if ((api && worker) || REDIS_URL !== undefined) return;
  const { command, whole, options } = invocation;
  const option = options['REDIS_URL'];
  const named = option === undefined ? 'REDIS_URL' : `${option} URL or REDIS_URL`;
  throw new StartError(
    `${command} runs only part of the service and needs ${named}; ${whole} runs everything without Redis.`,
  );
}

/** A caller's own checker holds up an answer no longer than this. ms */
const callbackMs = 5_000;

function callbacks({ THINKFIRST_PRIVATE_CALLBACKS }: Environment): PostJson {
  return createPostJson({ allowPrivate: THINKFIRST_PRIVATE_CALLBACKS, timeoutMs: callbackMs });
}
