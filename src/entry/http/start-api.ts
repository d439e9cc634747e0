import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { createApp } from '../../api/app.ts';
import type { ConsoleFiles } from '../../api/dependencies.ts';
import {
  type ApiDependencies,
  type ApiOperations,
  type ApiWebhooks,
  defaultLimits,
  type Readiness,
} from '../../api/dependencies.ts';
import type { ModelCatalog, WorkersModels } from '../../contracts/service/model-card.ts';
import { orLate } from '../../core/deadlines.ts';
import type { JobQueue } from '../../core/job-queue.ts';
import type { RecordStore } from '../../core/record-store.ts';
import { createConstraintChecker } from '../../grammar/check-on-thread.ts';
import { type AnnouncedDirectory, readWorkersModels } from '../../queue/responses/job-directory.ts';
import type { Strategy } from '../../reasoning/strategy.ts';
import { createEvaluationReports } from '../../store/evaluation-reports.ts';
import { createKeyStore } from '../../store/key-store.ts';
import { createPaceBook } from '../../store/pace-book.ts';
import type { Sealer } from '../../store/sealer.ts';
import { anonymousScopes } from '../check-access.ts';
import { type Environment, listed } from '../environment.ts';
import { packageVersion } from '../package-version.ts';
import type { Listening } from './listen.ts';
import type { Limits } from './open-limits.ts';

/** Workers announce themselves every 5 s; one that just came should be known before its first job is. ms */
const lookMs = 1_000;

/** Follows what the workers know of their models. Resolves after the first look; what was seen last holds while Redis is away. */
export async function followWorkers(options: {
  directory: AnnouncedDirectory;
  onError(error: unknown): void;
}): Promise<{ known(): WorkersModels; close(): void }> {
  let known: WorkersModels = { contextLengths: new Map(), capabilities: new Map(), pythonRefusals: new Map() };
  let looking = false;
  const look = async () => {
    if (looking) return;
    looking = true;
    try {
      known = await readWorkersModels(options.directory);
    } catch (error) {
      options.onError(error);
    } finally {
      looking = false;
    }
  };
  await look();
  const timer = setInterval(look, lookMs);
  timer.unref();
  return { known: () => known, close: () => clearInterval(timer) };
}

/** Reports of evaluations among this installation's own files. */
export function localEvaluations(log: Logger): NonNullable<ApiDependencies['evaluations']> {
  return createEvaluationReports({
    results: fileURLToPath(new URL('../../../eval/results', import.meta.url)),
    runs: fileURLToPath(new URL('../../../eval/runs', import.meta.url)),
    onFault: (fault) => log.warn(fault, 'not an evaluation report'),
  });
}

const answerMs = 2_000;

/** Whether the queue's backend answers, within two seconds. Never throws. */
export async function backendAnswers(queue: Pick<JobQueue, 'list'>): Promise<boolean> {
  const answered = queue.list({ owner: null, limit: 1 }).then(
    () => true,
    () => false,
  );
  return (await orLate(answered, { ms: answerMs })) === true;
}

/** Tokens of an answer where a request names no `max_output_tokens`, as far as the context holds them. */
export const defaultAnswerTokens = 4_096;

/** Puts the HTTP API behind a bound address. `modelsReady` is true where the models run elsewhere. */
export function startApi(options: {
  environment: Environment;
  listening: Listening;
  queue: JobQueue;
  catalog: ModelCatalog;
  records: RecordStore;
  sealer: Sealer;
  keyLimits: Pick<Limits, 'requestLimiter' | 'ledger'>;
  strategies: ReadonlyMap<string, Strategy>;
  console: ConsoleFiles | undefined;
  evaluations: NonNullable<ApiDependencies['evaluations']>;
  modelConfiguration?: NonNullable<ApiDependencies['modelConfiguration']>;
  ownProbe?: string;
  tools: Pick<ApiDependencies, 'mcpServers'> & Required<Pick<ApiDependencies, 'toolRefusal'>>;
  modelsReady(): boolean;
  operations: ApiOperations;
  webhooks?: ApiWebhooks;
  log: Logger;
}): void {
  const { environment, listening, queue, catalog, records, sealer, strategies, modelsReady, log } = options;
  const checkConstraints = createConstraintChecker();
  const limits = { ...defaultLimits, bodyBytes: environment.THINKFIRST_BODY_LIMIT };
  const cancelOnDisconnect = environment.THINKFIRST_CANCEL_ON_DISCONNECT;
  const app = createApp({
    queue,
    catalog,
    records,
    pace: createPaceBook({ records, now: Date.now }),
    sealer,
    strategies: [...strategies.values()],
    evaluations: options.evaluations,
    ...(options.modelConfiguration && { modelConfiguration: options.modelConfiguration }),
    ...(options.ownProbe !== undefined && { ownProbe: options.ownProbe }),
    ...(options.console === undefined ? {} : { console: options.console }),
    keys: createKeyStore({ records, now: Date.now }),
    anonymous: anonymousScopes(environment),
    requestLimiter: options.keyLimits.requestLimiter,
    ledger: options.keyLimits.ledger,
    limits,
    defaults: { effort: environment.THINKFIRST_DEFAULT_EFFORT, answerTokens: defaultAnswerTokens },
    ready: () => readiness(queue, modelsReady),
    log,
    now: Date.now,
    newId: () => randomBytes(18).toString('base64url'),
    // An upstream server reads schemas by itself.
    checkConstraints: async ({ implementation }, constraints) =>
      ['transformers', 'llama.cpp'].includes(implementation) ? checkConstraints(constraints) : [],
    allowedHosts: [environment.HOST, ...listed(environment.THINKFIRST_ALLOWED_HOSTS)],
    allowedOrigins: listed(environment.THINKFIRST_CORS_ORIGINS),
    ...options.tools,
    cancelOnDisconnect,
    openSocket: listening.openSocket,
    openMcp: () => openMcp({ cancelOnDisconnect, keepAliveMs: limits.keepAliveMs, log }),
    operations: options.operations,
    ...(options.webhooks && { webhooks: options.webhooks }),
  });
  listening.serve((request, bindings) => app.fetch(request, bindings));
}

async function readiness(queue: JobQueue, modelsReady: () => boolean): Promise<Readiness> {
  const parts = { backend: await backendAnswers(queue), models: modelsReady() };
  return { ready: parts.backend && parts.models, parts };
}

async function openMcp(options: { cancelOnDisconnect: boolean; keepAliveMs: number; log: Logger }) {
  // It takes longer to load than the rest of the API, and few use it.
  const { createMcpEndpoint } = await import('../../api/mcp/mcp-endpoint.ts');
  return createMcpEndpoint({ version: packageVersion(), ...options });
}
