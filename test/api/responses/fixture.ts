import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { createApp } from '../../../src/api/app.ts';
import { type ApiDependencies, defaultLimits } from '../../../src/api/dependencies.ts';
import type { EffortLevel, EffortTable } from '../../../src/contracts/service/effort-table.ts';
import type { ModelCard, ModelCatalog } from '../../../src/contracts/service/model-card.ts';
import { createSealer } from '../../../src/store/sealer.ts';
import { createMemoryQueue } from '../../support/memory-queue.ts';
import { createMemoryRecords } from '../../support/memory-records.ts';
import { scriptedWorker } from './scripted-worker.ts';

const level = (budget: number): EffortLevel => ({
  strategy: 'deliberate',
  budget_tokens: budget,
  samples: 1,
  agree: 1,
  wave: 1,
  max_revisions: 1,
  checks: [],
});

export const table: EffortTable = {
  model: 'tiny',
  calibrated: null,
  temperature: 0.6,
  answer_reserve_tokens: 32,
  natural_tokens: 16,
  own_sampling: false,
  greedy_first: true,
  compare: false,
  confident: null,
  certainty: null,
  auto: null,
  levels: { low: level(16), medium: level(64), high: level(128), xhigh: level(256), max: level(512) },
};

export const card: ModelCard = {
  id: 'tiny',
  created: 1_700_000_000,
  family: 'plain',
  implementation: 'scripted',
  context_length: 1000,
  capabilities: {
    thinking: true,
    exact_budget: true,
    rollback: true,
    constraints: ['json_object', 'json_schema'],
    logprobs: true,
    score: true,
    tools: true,
    seed: true,
    batching: true,
    compute: true,
    compute_default: false,
    sampling: ['temperature', 'top_p', 'top_k', 'min_p', 'presence_penalty', 'frequency_penalty', 'logit_bias'],
    inputs: ['text'],
  },
};

/** One token per word. */
export const catalog: ModelCatalog = {
  list: () => [card, { ...card, id: 'some-org/other' }],
  get: (id) => catalog.list().find((model) => model.id === id),
  effortTable: () => table,
  countTokens: async (_id, { messages }) =>
    messages.reduce((sum, { content }) => sum + content.split(/\s+/).filter(Boolean).length, 0),
};

export const sealer = createSealer(Buffer.from('a secret of tests'));

/** The app over a queue in memory. */
export function createApi(overrides: Partial<ApiDependencies> = {}) {
  const queue = createMemoryQueue();
  const logged: string[] = [];
  const log = (fields: Record<string, unknown>, message: string) => logged.push(`${message} ${JSON.stringify(fields)}`);
  let ids = 0;
  const dependencies: ApiDependencies = {
    queue,
    catalog,
    records: createMemoryRecords(),
    sealer,
    limits: defaultLimits,
    defaults: { effort: 'medium', answerTokens: 256 },
    ready: async () => ({ ready: true, parts: { model: true, backend: true } }),
    log: { info: log, warn: log, error: log },
    now: () => 1_700_000_000_500,
    newId: () => `${(ids++).toString().padStart(4, '0')}`,
    allowedHosts: [],
    cancelOnDisconnect: true,
    ...overrides,
  };
  const app = createApp(dependencies);
  const post = (path: string, body?: unknown, init: RequestInit = {}) =>
    app.request(path, {
      method: 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      ...init,
    });
  return {
    app,
    queue,
    dependencies,
    logged,
    post,
    ask: (body: unknown, init?: RequestInit) => post('/v1/responses', body, init),
  };
}

/** The app with a worker that answers `deltas`. */
export async function createWorkingApi(
  script: Parameters<typeof scriptedWorker>[0] = { deltas: ['For', 'ty', '-two.'] },
  overrides: Partial<ApiDependencies> = {},
) {
  const api = createApi(overrides);
  await api.queue.consume({ concurrency: 4, models: ['tiny'] }, scriptedWorker(script));
  return api;
}

/** A gate that holds scripted workers at a name until it is opened, and tells when one has come there. */
export function createSemaphore(held: string) {
  let open = (): void => undefined;
  let arrive = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  return {
    open: () => open(),
    reached,
    /** Passes when opened, or when the lease ends. */
    async gate(name: string, lease: { signal: AbortSignal }) {
      if (name !== held) return;
      arrive();
      await Promise.race([
        opened,
        new Promise((resolve) => lease.signal.addEventListener('abort', resolve, { once: true })),
      ]);
    },
  };
}

export type WireEvent = { type: string; sequence_number: number; [field: string]: unknown };

/** All events of a stream that has ended; `done` whether it closed with `[DONE]`. */
export async function readEvents(response: Response) {
  const messages: EventSourceMessage[] = [];
  const comments: string[] = [];
  const parser = createParser({
    onEvent: (message) => messages.push(message),
    onComment: (comment) => comments.push(comment),
  });
  parser.feed(await response.text());
  const done = messages.at(-1)?.data === '[DONE]';
  const events = messages.filter(({ data }) => data !== '[DONE]').map(({ data }): WireEvent => JSON.parse(data));
  return { events, done, messages, comments };
}
