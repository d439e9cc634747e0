import { z } from 'zod';
import type { ModelCapabilities, Sampling } from '../../core/language-model.ts';
import type { UpstreamModel } from '../config/model-config.ts';
import { familyByName } from '../families/index.ts';
import { plain } from '../families/plain.ts';
import { defaultRetryPolicy, type RetryPolicy } from './client/backoff.ts';
import { type Clock, systemClock } from './client/clock.ts';
import { createSemaphore } from './client/concurrency.ts';
import { capabilitiesOf, dialects } from './client/dialect.ts';
import type { UpstreamTimeouts } from './client/read-chunks.ts';
import { createUpstreamClient } from './client/upstream-client.ts';
import { unavailable } from './client/upstream-error.ts';
import { createRefusals } from './stream/refusals.ts';
import { createReasoningStarts, createSlotHolders, type SampleContext } from './thinking/sample-context.ts';
import { createServerBudget } from './thinking/server-budget.ts';

export type OpenaiModelOptions = {
  fetch?: typeof globalThis.fetch;
  retry?: Partial<RetryPolicy>;
  timeouts?: Partial<UpstreamTimeouts>;
  clock?: Clock;
  /** Called once for each thing that this server turns out not to do: a line for the log. */
  warn?: (message: string) => void;
};

/** One server with one model: how it is reached, and what was learned of it so far. */
export type ModelServer = Pick<
  SampleContext,
  | 'config'
  | 'dialect'
  | 'family'
  | 'client'
  | 'refusals'
  | 'reasoningStarts'
  | 'serverBudget'
  | 'semaphore'
  | 'slots'
  | 'clock'
  | 'warn'
> & {
  /** Asks the server how many requests it runs at a time, once. */
  findSlots(): Promise<void>;
  /** Samples that run side by side, as far as it is known: by what the server says, or by what was seen. */
  parallel(): number;
  /** Aborted once the model is closed. */
  closed: AbortSignal;
  close(): void;
};

/** llama.cpp's `/props`, as far as it is used here. */
const Slots = z.object({ total_slots: z.int().positive() });

/** A cold server may load its weights, and prefill a long prompt, before the first byte. */
const defaultTimeouts: UpstreamTimeouts = { firstByteMs: 600_000, idleMs: 120_000 };

/** Sends nothing, so the service starts while its upstream is down. */
export function createModelServer(config: UpstreamModel, options: OpenaiModelOptions): ModelServer {
  const dialect = dialects[config.dialect];
  const clock = options.clock ?? systemClock;
  const client = createUpstreamClient({
    modelId: config.id,
    url: config.url,
    apiKey: config.apiKey,
    fetch: options.fetch,
    retry: { ...defaultRetryPolicy, ...options.retry },
    timeouts: { ...defaultTimeouts, ...options.timeouts },
    clock,
  });
  const warned = new Set<string>();
  const warn = (what: string): void => {
    if (warned.has(what)) return;
    warned.add(what);
    options.warn?.(`The server behind ${config.id} ${what}.`);
  };
  const refusals = createRefusals((feature) => warn(`does not support "${feature}", which is not sent from now on`));
  const semaphore = createSemaphore(config.maxParallel);
  const closed = new AbortController();
  return {
    config,
    dialect,
    family: familyByName(config.family) ?? plain,
    client,
    refusals,
    reasoningStarts: createReasoningStarts(),
    serverBudget: createServerBudget({ dialect, refusals, warn }),
    semaphore,
    slots: createSlotHolders(),
    clock,
    warn,
    ...createSlots({ config, dialect, client, semaphore, closed: closed.signal }),
    closed: closed.signal,
    close: () => closed.abort(unavailable(config.id, 'is not used any more', { retryable: false })),
  };
}

function createSlots({
  config,
  dialect,
  client,
  semaphore,
  closed,
}: Pick<ModelServer, 'config' | 'dialect' | 'client' | 'semaphore' | 'closed'>): Pick<
  ModelServer,
  'findSlots' | 'parallel'
> {
  let slots: number | undefined;
  let asked: Promise<void> | undefined;
  const ask = async (route: string): Promise<void> => {
    // llama.cpp's router has several models; a server of one model passes over the name.
    const named = `${route}?model=${encodeURIComponent(config.model)}`;
    slots = Slots.safeParse(await client.look(named, { signal: closed })).data?.total_slots;
    if (slots !== undefined) semaphore.limit(slots);
  };
  return {
    findSlots() {
      asked ??= dialect.slotsRoute === undefined ? Promise.resolve() : ask(dialect.slotsRoute);
      return asked;
    },
    parallel() {
      if (capabilitiesOf(dialect).batching) return config.maxParallel;
      return slots === undefined ? Math.max(1, semaphore.mostStreaming()) : Math.min(slots, config.maxParallel);
    },
  };
}

/** What the server can do: by its dialect, less what it has refused so far. */
export function serverCapabilities(server: ModelServer): ModelCapabilities {
  const { config, dialect, family, refusals } = server;
  const can = capabilitiesOf(dialect);
  const takes = (name: keyof Sampling) => !refusals.has(dialect.sampling[name] ?? '');
  return {
    ...can,
    get sampling() {
      return can.sampling?.filter(takes) ?? [];
    },
    get seed() {
      return can.seed && takes('seed');
    },
    get cacheByOwner() {
      return dialect.cacheSaltField !== undefined && !refusals.has(dialect.cacheSaltField);
    },
    /** As long as one way to continue a thought is left. */
    get rollback() {
      return can.rollback && !(refusals.has('raw') && refusals.has('final-message'));
    },
    /** As long as its thoughts can be continued as raw text. */
    get compute() {
      return can.compute && !refusals.has('raw');
    },
    ...(family.expectsValues && { computesByDefault: family.expectsValues }),
    get batching() {
      return server.parallel() > 1;
    },
    get parallel() {
      return server.parallel();
    },
    get serverBudget() {
      return server.serverBudget.state();
    },
    ...(config.inputs === undefined ? {} : { inputs: config.inputs }),
    family: family.name,
    correction: family.correction,
  };
}
