import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { unknownChecks } from '../checks/chosen-checks.ts';
import type { EffortTable } from '../contracts/service/effort-table.ts';
import { asWorkersHave } from '../contracts/service/model-card.ts';
import { waitAtMost } from '../core/deadlines.ts';
import type { Consumer, JobQueue } from '../core/job-queue.ts';
import type { LanguageModel } from '../core/language-model.ts';
import { sweepRecords } from '../maintenance/sweep-records.ts';
import { createModelCatalog, type LiveCatalog } from '../models/config/catalog.ts';
import { readEffortTable } from '../models/config/effort-tables.ts';
import type { HubProgress } from '../models/local/folder/hub.ts';
import { createPostJson, type PostJson } from '../outbound/post-json.ts';
import type { Deliveries } from '../queue/webhooks/deliveries.ts';
import { loadPrompts } from '../reasoning/prompts.ts';
import { createStrategies } from '../reasoning/strategies/index.ts';
import type { Strategy } from '../reasoning/strategy.ts';
import { createAddedModels } from '../store/added-models.ts';
import { createPaceBook } from '../store/pace-book.ts';
import { createWebhookSettings } from '../store/webhook-settings.ts';
import { banner } from './banner.ts';
import { checkAccess } from './check-access.ts';
import { type Environment, parseEnvironment, unknownText, unknownVariables } from './environment.ts';
import { bindFault, type Invocation, type Listening, listen, npmInvocation } from './http/listen.ts';
import { listenMetrics } from './http/listen-metrics.ts';
import { openConsole } from './http/open-console.ts';
import { openLimits } from './http/open-limits.ts';
import { backendAnswers, defaultAnswerTokens, followWorkers, localEvaluations, startApi } from './http/start-api.ts';
import { createLogger } from './logger.ts';
import { configuredModels } from './models/configured-models.ts';
import { type FetchedModel, fetchModels, logProgress } from './models/fetch-models.ts';
import { createLiveConfiguration } from './models/live-configuration.ts';
import { catalogEntries, type LoadedModels, loadModels } from './models/load-models.ts';
import { createModelConfiguration } from './models/model-configuration.ts';
import { createAddedModelOpener, keyedServers } from './models/open-added-model.ts';
import { createServedModels, type ServedModels } from './models/served-models.ts';
import { type Operations, openOperations } from './open-operations.ts';
import { type OpenedQueue, openQueue } from './open-queue.ts';
import { openRecords } from './open-records.ts';
import { publishService } from './publish-service.ts';
import { type Running, StartError } from './run-entry.ts';
import { createServerTools, type ServerTools } from './server-tools.ts';
import { startWebhooks, startWorker, webhookRefusal } from './start-webhooks.ts';

/** What this process does. One role alone needs Redis, where it meets the other. */
type Roles = { api: boolean; worker: boolean };

/** `url` of the API, where this process has it. */
export type RunningService = Running & { readonly url: string | undefined };

type ServiceOptions = Roles & {
  variables: Readonly<Record<string, string | undefined>>;
  /** Default: npm's script for these roles. */
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
};

/** What every part of a starting service is opened with. */
type Start = ServiceOptions & {
  invocation: Invocation;
  environment: Environment;
  log: Logger;
  parts: Parts;
  progress: { ready: boolean; loaded?: LoadedModels; queue?: JobQueue };
  publishing: { last: Promise<void> };
};

/**
 * Opens the parts that the roles need, in an order in which the likeliest mistakes are reported first. Closing stops the
 * intake and drains, then closes the models and the queue.
 * @throws StartError or ServiceError with one line for the operator
 */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const startedAt = performance.now();
  const { variables, api, worker, announce = (text: string) => void process.stdout.write(text) } = options;
  const { invocation = npmInvocation(options) } = options;
  const environment = parseEnvironment(variables);
  checkRoles(options, environment, invocation);
  const log = createLogger(environment);
  for (const unknown of unknownVariables(variables)) log.warn(unknownText(unknown));
  const parts = createParts();
  const start: Start = {
    ...options,
    invocation,
    environment,
    log,
    parts,
    progress: { ready: false },
    publishing: { last: Promise.resolve() },
  };
  try {
    const { operations, listening, page } = await openFront(start);
    const { configs, tables } = await readModels(start);
    const backends = await openBackends(start, configs, operations);
    const { records, sealer } = await openRecords(environment);
    parts.keep('records', records);
    const { THINKFIRST_WEBHOOK_SECRET: given } = environment;
    const settings = createWebhookSettings({ records, sealer, given, now: Date.now });
    const catalog = createModelCatalog(await catalogEntries(configs, backends.loaded?.models ?? new Map()), tables);
    const prompts = loadPrompts(fileURLToPath(new URL('../../prompts', import.meta.url)));
    const tools = createServerTools({ environment, variables: start.variables, worker, log: start.log });
    parts.keep('models', tools);
    const { runPython } = tools;
    const strategies = createStrategies({ prompts, postCheck: callbacks(environment), runPython });
    const shared = { ...backends, operations, records, sealer, settings, catalog, strategies, tools };
    const working = worker ? await startWork(start, shared) : undefined;
    const live = await serveAddedModels(start, shared, { configs, working });
    if (listening !== undefined) await serveApi(start, { ...shared, ...live, listening, page });
    start.progress.ready = true;
    const seconds = (performance.now() - startedAt) / 1000;
    announce(banner({ environment, catalog, api, worker, url: listening?.url, seconds }));
    return { close: parts.close, url: listening?.url };
  } catch (error) {
    await parts.close({ graceMs: 0 });
    throw error;
  }
}

/** The stages in which parts close; those of one stage close side by side. */
const closingOrder = ['intake', 'background', 'models', 'queue', 'records', 'observers'] as const;
type Stage = (typeof closingOrder)[number];
type Part = { close(options: { graceMs: number }): Promise<void> | void };
type Parts = {
  keep<Kept extends Part>(stage: Stage, part: Kept): Kept;
  close(options: { graceMs: number }): Promise<void>;
};

function createParts(): Parts {
  const opened: Array<{ stage: Stage; part: Part }> = [];
  return {
    keep(stage, part) {
      opened.push({ stage, part });
      return part;
    },
    async close(options) {
      for (const stage of closingOrder) {
        await Promise.all(opened.map((one) => (one.stage === stage ? one.part.close(options) : undefined)));
      }
    },
  };
}

type Front = {
  operations: Operations;
  listening: Listening | undefined;
  page: ReturnType<typeof openConsole> | undefined;
};

/** Metrics and the API's socket, which answers that it is starting, and the console. */
async function openFront(start: Start): Promise<Front> {
  const { environment, variables, invocation, parts, progress, log } = start;
  const operations = parts.keep('observers', await openOperations(environment));
  const ready = async () => {
    const { ready: started, loaded, queue } = progress;
    return started && (loaded?.ready() ?? true) && queue !== undefined && (await backendAnswers(queue));
  };
  const metrics = await listenMetrics(environment, { metrics: operations.metrics, ready });
  if (metrics !== undefined) parts.keep('observers', metrics);
  if (!start.api) return { operations, listening: undefined, page: undefined };
  await checkAccess(environment, variables);
  const fault = (error: NodeJS.ErrnoException) =>
    bindFault(error, { environment, invocation, metricsPort: metrics?.port });
  const { HOST: host, PORT: port, THINKFIRST_BODY_LIMIT: messageBytes } = environment;
  const listening = parts.keep('intake', await listen({ host, port, fault, messageBytes }));
  // Built beside the models' loading, where it is stale.
  return { operations, listening, page: start.page === false ? undefined : openConsole({ log }) };
}

/** The configured models, downloaded where they have to be, and the effort tables that they name themselves. */
async function readModels(start: Start): Promise<{ configs: FetchedModel[]; tables: Map<string, EffortTable> }> {
  const { environment, variables, modelsOption, worker, log, onDownload } = start;
  const named = configuredModels(environment, variables, { modelsOption });
  const onProgress = onDownload ?? logProgress(log);
  const configs = await fetchModels(named, { environment, weights: worker, onProgress });
  // The catalogue has those of the others: a default depends on the model's family.
  const ownTables = configs.filter(({ effortTable }) => effortTable !== undefined);
  const tables = new Map(ownTables.map(({ id, effortTable }) => [id, readEffortTable(id, effortTable)]));
  for (const [model, table] of tables) {
    const names = unknownChecks(table);
    if (names.length > 0) log.warn({ model, checks: names }, "the effort table names checks that don't exist");
  }
  return { configs, tables };
}

type Backends = { queue: JobQueue; deliveries: Deliveries; swept: OpenedQueue; loaded: LoadedModels | undefined };

/** Models and queue open side by side: each takes seconds. Without a queue the models are not waited for. */
async function openBackends(
  { worker, environment, inferenceEntry, parts, progress, log }: Start,
  configs: readonly FetchedModel[],
  operations: Operations,
): Promise<Backends> {
  const { instruments } = operations;
  const opening = openQueue(environment, { log, instruments }).then((opened) => {
    const queue = parts.keep('queue', operations.observeQueue(opened));
    progress.queue = queue;
    return { queue, deliveries: opened.deliveries, swept: opened };
  });
  const noQueue = new AbortController();
  opening.catch((error: unknown) => noQueue.abort(error));
  const { signal } = noQueue;
  const observer = operations.metrics.inference;
  const loading = (
    worker ? loadModels({ configs, environment, inferenceEntry, observer, signal, log }) : Promise.resolve(undefined)
  ).then((loaded) => {
    if (loaded !== undefined) progress.loaded = parts.keep('models', loaded);
    return loaded;
  });
  // Both settle before either fault is thrown, so that what did open is closed.
  await Promise.allSettled([opening, loading]);
  return { ...(await opening), loaded: await loading };
}

type Shared = Backends &
  Awaited<ReturnType<typeof openRecords>> & {
    operations: Operations;
    settings: ReturnType<typeof createWebhookSettings>;
    catalog: LiveCatalog;
    strategies: ReadonlyMap<string, Strategy>;
    tools: ServerTools;
  };

/** What leases responses here, and the models that it runs them with. */
type Working = { consumer: Consumer; models: Map<string, LanguageModel> };

/** The worker's role: the retention sweep, webhooks, and the leasing of responses. */
async function startWork({ environment, parts, log }: Start, shared: Shared): Promise<Working | undefined> {
  const { queue, deliveries, swept, loaded, operations, records, sealer, settings, catalog, strategies } = shared;
  const onError = (error: unknown) => log.warn({ err: error }, 'records could not be swept');
  const retentionMs = environment.THINKFIRST_RETENTION_DAYS * 86_400_000;
  parts.keep('background', sweepRecords({ queue: swept, records, retentionMs, now: Date.now, onError }));
  parts.keep('background', await startWebhooks({ environment, deliveries, settings, now: Date.now }));
  if (loaded === undefined) return undefined;
  const models = new Map(operations.observeModels(loaded.models, (id) => catalog.get(id)?.implementation));
  const pace = createPaceBook({ records, now: Date.now });
  const { openTool, pythonRefusal } = shared.tools;
  // An API in another process learns from the next announcement whether Python can run here.
  if (environment.REDIS_URL !== undefined) void shared.tools.tryPython();
  const observeTool = operations.observeTool;
  const consumer = await startWorker({
    environment,
    queue,
    catalog,
    models,
    sealer,
    pace,
    strategies,
    openTool,
    observeTool,
    pythonRefusal,
    log,
  });
  parts.keep('intake', { close: ({ graceMs }) => consumer.close({ drainMs: graceMs }) });
  return { consumer, models };
}

type Live = { served: ServedModels; modelConfiguration: ReturnType<typeof createLiveConfiguration>; ownProbe: string };

/** At a start, added models are waited for this long. ms */
const addedMs = 3_000;

/** The models that admins have added, and add from now on. */
async function serveAddedModels(
  start: Start,
  shared: Shared,
  { configs, working }: { configs: readonly FetchedModel[]; working: Working | undefined },
): Promise<Live> {
  const { environment, variables, worker, inferenceEntry, parts, log } = start;
  const { records, catalog, operations, swept: queue, sealer } = shared;
  const added = createAddedModels({ records, now: Date.now, newRevision: randomUUID });
  const file = createModelConfiguration({ folder: resolve('.'), variables });
  const source = await file.read().then(
    (configuration) => configuration.source,
    () => 'file' as const,
  );
  const keyed = keyedServers(configs);
  const observer = operations.metrics.inference;
  const ids = configs.map(({ id }) => id);
  // A model of the operator's that has the name of a removed one: its jobs are not that one's.
  await added.forgetRemoved(ids).catch((error: unknown) => log.warn({ err: error }, 'removed models not read'));
  const served = createServedModels({
    configured: { ids, source },
    added,
    catalog,
    queue,
    worker: working,
    open: createAddedModelOpener({ environment, configured: keyed, worker, inferenceEntry, observer, log }),
    observe: (model, { kind }) =>
      operations
        .observeModels(new Map([[model.id, model]]), () => (kind === 'upstream' ? 'openai' : 'transformers'))
        .get(model.id) ?? model,
    onChange: () => publish(start, shared, [...configs, ...served.configs()]),
    now: Date.now,
    log,
  });
  parts.keep('models', served);
  await served.sync().catch((error: unknown) => log.warn({ err: error }, 'the added models could not be read'));
  await waitAtMost(served.settled(), addedMs);
  publish(start, shared, [...configs, ...served.configs()]);
  const ownProbe = sealer.mac('the address of this service');
  const modelConfiguration = createLiveConfiguration({ file, keyed, added, served, queue, ownProbe, now: Date.now });
  return { served, modelConfiguration, ownProbe };
}

/** The API's role. */
async function serveApi(
  { environment, parts, log }: Start,
  shared: Shared & Live & { listening: Listening; page: Front['page'] },
): Promise<void> {
  const { queue, deliveries, swept, loaded, operations, records, sealer, settings, catalog, strategies } = shared;
  const workers = await followWorkers({
    directory: swept.queues.directory,
    onError: (error) => log.debug({ err: error }, 'the workers could not be reached'),
  });
  parts.keep('background', workers);
  startApi({
    environment,
    listening: shared.listening,
    queue,
    catalog: asWorkersHave({ ...catalog, states: shared.served.states }, workers.known),
    records,
    sealer,
    strategies,
    console: await shared.page,
    keyLimits: parts.keep('background', openLimits(environment, records)),
    evaluations: localEvaluations(log),
    modelConfiguration: shared.modelConfiguration,
    ownProbe: shared.ownProbe,
    tools: { toolRefusal: shared.tools.toolRefusal, mcpServers: shared.tools.mcpServers },
    modelsReady: () => loaded?.ready() ?? true,
    operations: operations.api,
    webhooks: { settings, deliveries, refusal: (url) => webhookRefusal(url, environment) },
    log,
  });
}

/** For API processes that have no models of their own; this one needs nothing of it. */
function publish({ api, environment, log, publishing }: Start, shared: Shared, configs: readonly FetchedModel[]): void {
  if (!api || environment.REDIS_URL === undefined) return;
  const { catalog, records, strategies } = shared;
  const published = { environment, configs, catalog, records, answerTokens: defaultAnswerTokens };
  // One after the other: the last state stays.
  publishing.last = publishing.last
    .then(() => publishService({ ...published, strategies: [...strategies.values()] }))
    .catch((error: unknown) => log.warn({ err: error }, 'the models could not be published for the edge'));
}

function checkRoles({ api, worker }: Roles, { REDIS_URL }: Environment, invocation: Invocation): void {
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
