import type { Context, MiddlewareHandler } from 'hono';
import type { z } from 'zod';
import type { Constraint } from '../contracts/responses/constraint.ts';
import type { Effort } from '../contracts/responses/reasoning.ts';
import type { ServerToolParam } from '../contracts/responses/tool-param.ts';
import type { Evaluation } from '../contracts/service/evaluation.ts';
import type { FoundModel } from '../contracts/service/found-models.ts';
import type { KeyScopes } from '../contracts/service/key-scopes.ts';
import type { ModelCard, ModelCatalog } from '../contracts/service/model-card.ts';
import type { ModelConfiguration, ModelsChange, NewModel } from '../contracts/service/model-configuration.ts';
import type { PaceBook } from '../contracts/service/pace.ts';
import type { ServiceError } from '../contracts/service/service-error.ts';
import type { JobQueue } from '../core/job-queue.ts';
import type { RecordStore } from '../core/record-store.ts';
import type { DeliveryLog, WebhookSettings } from '../core/webhooks.ts';
import type { KeyStore } from '../store/key-store.ts';
import type { RequestLimiter } from '../store/request-limiter.ts';
import type { Sealer } from '../store/sealer.ts';
import type { UsageLedger } from '../store/usage-ledger.ts';
import type { Caller } from './caller.ts';
import type { McpEndpoint } from './mcp/service-calls.ts';
import type { Remembered } from './responses/resolve-context.ts';

/** One file of the built console, as it is and compressed. */
export type ConsoleFile = { type: string; body: Uint8Array<ArrayBuffer>; gzip: Uint8Array<ArrayBuffer> };
/** By path: `/index.html`, `/assets/…`. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>;

/** What the API is built from. Nothing here is read from the environment, and no clock or randomness is its own. */
export type ApiDependencies = {
  queue: JobQueue;
  catalog: ModelCatalog;
  /** Conversations. */
  records: RecordStore;
  sealer: Sealer;
  /** Absent: there are no keys, and everybody is the same caller. */
  keys?: KeyStore;
  /** What a caller may while no key was ever made; default all. */
  anonymous?: KeyScopes;
  /** Counts requests of keys that have a limit; absent: none has. */
  requestLimiter?: RequestLimiter;
  /** Concurrency and daily tokens of keys that have a limit; absent: none has. */
  ledger?: UsageLedger;
  limits: ApiLimits;
  defaults: ApiDefaults;
  /** Whether models are loaded and the backend is up. Never throws; bounded in time. */
  ready(): Promise<Readiness>;
  log: ApiLog;
  /** Epoch ms. */
  now(): number;
  /** The unguessable part of an id: letters, digits, `_` and `-`, up to 64. */
  newId(): string;
  /** For `GET /v1/strategies`, and to refuse unknown names; absent: any name passes, and the route is not there. */
  strategies?: readonly StrategyListing[];
  /** For `GET /v1/evaluations`: reports of this installation, newest first; absent: there are none. */
  evaluations?(): Promise<Evaluation[]>;
  /** For `/v1/configuration/models`; absent: 404. */
  modelConfiguration?: ModelConfigurationStore;
  /** What this service recognises requests by that it sent itself, to find out whether an address is its own. */
  ownProbe?: string;
  /** The page at `/`; absent: there is none. */
  console?: ConsoleFiles;
  /**
   * Why no answer of this model can be held to a constraint, for each; undefined for one that it can. Before the job is
   * accepted; absent: it is found out when it runs.
   */
  checkConstraints?(model: ModelCard, constraints: readonly Constraint[]): Promise<Array<ServiceError | undefined>>;
  /** Why a tool that the service runs itself can't be served, without a full stop; undefined where it can. Absent: it is found out when it runs. */
  toolRefusal?(tool: ServerToolParam): Promise<string | undefined>;
  /** Labels of the operator's MCP servers. */
  mcpServers?: readonly string[];
  /** Host names that the Host header may carry beside the loopback names; `*` takes any. */
  allowedHosts: readonly string[];
  /** Sites whose pages may call, as browsers name them (`https://app.example.org`); `*` any. Absent: none. */
  allowedOrigins?: readonly string[];
  /** What responses took so far; absent: nobody knows how long one has to wait. */
  pace?: Pick<PaceBook, 'of'>;
  /** A waiting or streaming client that goes away stops its response. */
  cancelOnDisconnect: boolean;
  /**
   * Is given work that continues after a request's client has disconnected: the edge keeps the request's connection to Redis open
   * for it. Absent: nothing needs to be kept open.
   */
  keepOpen?(work: Promise<unknown>): void;
  /** Answers a request that wants to become a WebSocket; absent (at the edge): there is no WebSocket mode. */
  openSocket?: OpenSocket;
  /** Loads the MCP server at its first use; absent (at the edge): there is none. */
  openMcp?(): Promise<McpEndpoint>;
  /** Webhooks of keys, and what was sent; absent: no routes. */
  webhooks?: ApiWebhooks;
  /** For `/metrics` and `/admin/queues`; absent: 404. */
  operations?: ApiOperations;
};

/** Completes the handshake of a request that was let in; `serve` is called once the socket is open. */
export type OpenSocket = (c: Context<ApiEnvironment>, serve: (socket: MessageSocket) => void) => Promise<Response>;

/** A WebSocket as the API sees it. */
export type MessageSocket = {
  /** Resolves when the text has left this process, so that a slow reader holds up the writer. Rejects once it is closed. */
  send(text: string): Promise<void>;
  close(code: number, reason: string): void;
  /** `undefined` for a message that is not text. */
  onMessage(listener: (text: string | undefined) => void): void;
  /** Aborted when the socket has closed. */
  closed: AbortSignal;
  /** Aborted when the service stops: what runs may end, nothing new begins. */
  stopping: AbortSignal;
};

/** What is told to others when a response ends. */
export type ApiWebhooks = {
  settings: Pick<WebhookSettings, 'shared' | 'of' | 'set' | 'rotate'>;
  deliveries: DeliveryLog;
  /** Why an address is never called; undefined for one that may be. */
  refusal(url: string): string | undefined;
};

/** How the operator looks at this process. */
export type ApiOperations = {
  /** Wraps every request. */
  observe?: MiddlewareHandler;
  metrics?: { text(): Promise<string>; readonly contentType: string };
  /** Opens the board of queues at its first use. */
  board?(): Promise<{ fetch(request: Request): Response | Promise<Response> }>;
};

/** The models of the service: those that the operator configured, and those that admins add and remove. */
export type ModelConfigurationStore = {
  read(): Promise<ModelConfiguration>;
  /** Models on this machine that could be added: of its servers, and files. */
  find(): Promise<FoundModel[]>;
  /** @throws ServiceError `invalid_value` naming the field that doesn't fit */
  check(model: NewModel): Promise<ModelsChange>;
  /** Checks it and adds it to the running service. @throws as `check` */
  add(model: NewModel): Promise<ModelsChange>;
  /**
   * Removes a model that was added: what runs ends, what waits fails.
   * @throws ServiceError `model_not_found`, or `conflict` for one that the operator configured
   */
  remove(id: string): Promise<void>;
};

export type ApiLimits = {
  bodyBytes: number;
  /** Nested objects and arrays in a body. */
  bodyDepth: number;
  /** Fields and list elements of a body, in all. */
  bodyValues: number;
  /** Of `?wait=`. */
  waitSeconds: number;
  /** ms without a byte on a stream, or in a body that waits; then one is sent that means nothing. */
  keepAliveMs: number;
  /** ms that a cancel waits for the worker to commit it. */
  cancelWaitMs: number;
  /** ms that reading a trace as it stands may take. */
  traceReadMs: number;
  sockets: SocketLimits;
};

/** Of WebSockets. Times in ms. */
export type SocketLimits = {
  /** Open at a time in this process, and of one key. */
  most: number;
  mostOfKey: number;
  /** Messages that wait while a response runs. */
  waiting: number;
  /** Of the items that a connection keeps to go on from, as JSON. */
  rememberedBytes: number;
  /** From opening to the end. */
  lifeMs: number;
  /** Without a response that runs. */
  idleMs: number;
  /** Between two looks whether the key still holds. */
  checkMs: number;
};

export const defaultLimits: ApiLimits = {
  bodyBytes: 1_048_576,
  bodyDepth: 64,
  bodyValues: 65_536,
  waitSeconds: 30,
  keepAliveMs: 5_000,
  cancelWaitMs: 5_000,
  traceReadMs: 2_000,
  sockets: {
    most: 1_000,
    mostOfKey: 64,
    waiting: 16,
    rememberedBytes: 4_194_304,
    lifeMs: 3_600_000,
    idleMs: 900_000,
    checkMs: 5_000,
  },
};

export type ApiDefaults = {
  /** Where a request names neither mode nor effort. */
  effort: Effort;
  /** Tokens of a fast answer, where a request names no `max_output_tokens`. */
  answerTokens: number;
};

export type Readiness = { ready: boolean; parts: Readonly<Record<string, boolean>> };

/** The part of pino's interface that is used. */
export type ApiLog = {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
};

export type StrategyListing = { name: string; description: string; options: z.ZodType };

export type ApiEnvironment = {
  /** `remembered`: what the WebSocket that a request came by has kept of its last response. */
  Bindings: { remembered?: Remembered | undefined };
  /**
   * `newId`, `startedAt` (epoch ms): of a request that names itself by an Idempotency-Key, the same whenever it is made again.
   * `countRequest`: of one that may only repeat another, so that its key's rate is charged later.
   */
  Variables: {
    newId?: () => string;
    startedAt?: number;
    countRequest?: (isRepeated: boolean) => Promise<void>;
    requestId: string;
    caller: Caller;
  };
};
