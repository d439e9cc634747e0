import type {
  Conversation,
  ConversationList,
  ConversationTurn,
  DeletedConversation,
  ItemList,
  TurnList,
} from '../../../src/contracts/responses/conversation.ts';
import type { CreateResponse } from '../../../src/contracts/responses/create-response.ts';
import type { Response } from '../../../src/contracts/responses/response.ts';
import type { ResponseEvent } from '../../../src/contracts/responses/response-event.ts';
import type { TraceEvent } from '../../../src/contracts/responses/trace.ts';
import type { ApiKey, ApiKeyList, CreatedApiKey, NewApiKey } from '../../../src/contracts/service/api-key.ts';
import type { EvaluationList } from '../../../src/contracts/service/evaluation.ts';
import type { CreateFeedback, Feedback } from '../../../src/contracts/service/feedback.ts';
import type { FoundModelList } from '../../../src/contracts/service/found-models.ts';
import type { CallerView } from '../../../src/contracts/service/key-scopes.ts';
import type {
  DeletedResponse,
  ModelList,
  ResponseList,
  StrategyList,
  Trace,
} from '../../../src/contracts/service/listings.ts';
import type {
  ModelConfiguration,
  ModelsChange,
  NewModel,
  RemovedModel,
} from '../../../src/contracts/service/model-configuration.ts';
import type { KeyWebhook, WebhookDeliveryList } from '../../../src/contracts/service/webhook.ts';
import { followEvents, type LinkState } from './follow-events.ts';
import { request, requestJson } from './request.ts';

/** A trace event as it is sent: with its number. */
export type NumberedTraceEvent = TraceEvent & { sequence_number: number };
type Following = { signal: AbortSignal; after?: number | undefined; onLink?(state: LinkState): void };
type Signal = { signal?: AbortSignal | undefined };

const justAsked = new Set<string>();

/** The routes of our API that the console uses, typed by the contracts themselves. */
export const service = {
  models: (options?: Signal) => requestJson<ModelList>('/v1/models', options),
  strategies: (options?: Signal) => requestJson<StrategyList>('/v1/strategies', options),

  /** Accepted as a background job: it goes on when the page is closed. Thoughts can be read live, where the key may see them. */
  async ask(body: CreateResponse, options?: Signal) {
    const thoughts = (await seesThoughts()) ? ['reasoning.text'] : [];
    // Outputs are kept, so that the model reads them in the following turns.
    const outputs = (body.tools ?? []).length > 0 ? ['code_interpreter_call.outputs'] : [];
    const response = await requestJson<Response>('/v1/responses', {
      method: 'POST',
      body: { include: [...thoughts, ...outputs], ...body, background: true },
      ...options,
    });
    justAsked.add(response.id);
    return response;
  },
  /** Whether this page asked for a response and nobody has looked for it since. A short answer may have ended before the first look. */
  takeJustAsked: (id: string) => justAsked.delete(id),
  response: (id: string, options?: Signal) => requestJson<Response>(responsePath(id), options),
  /** Held by the service until the response ends, 30 s at most. */
  waitFor: (id: string, options?: Signal) => requestJson<Response>(`${responsePath(id)}?wait=30`, options),
  responses: (query: { status?: string; limit?: number; after?: string }, options?: Signal) =>
    requestJson<ResponseList>(`/v1/responses${queryString(query)}`, options),
  /** The last 100 items of a prompt, in their order: of a long chat the newest are what matters. */
  async inputItems(id: string, options?: Signal): Promise<ItemList> {
    const list = await requestJson<ItemList>(`${responsePath(id)}/input_items?order=desc&limit=100`, options);
    return { ...list, data: list.data.toReversed() };
  },
  cancel: (id: string) => requestJson<Response>(`${responsePath(id)}/cancel`, { method: 'POST' }),
  answerNow: (id: string) => requestJson<Response>(`${responsePath(id)}/answer_now`, { method: 'POST' }),
  remove: (id: string) => requestJson<DeletedResponse>(responsePath(id), { method: 'DELETE' }),

  conversations: (query: { q?: string; limit?: number; after?: string | undefined }, options?: Signal) =>
    requestJson<ConversationList>(`/v1/conversations${queryString(query)}`, options),
  createConversation: () => requestJson<Conversation>('/v1/conversations', { method: 'POST', body: {} }),
  renameConversation: (id: string, title: string) =>
    requestJson<Conversation>(conversationPath(id), { method: 'POST', body: { title } }),
  /** `keepalive`: it is sent although the page is being closed. */
  removeConversation: (id: string, options?: { keepalive?: boolean }) =>
    requestJson<DeletedConversation>(conversationPath(id), { method: 'DELETE', ...options }),
  importConversation: (exported: unknown) =>
    requestJson<Conversation>('/v1/conversations/import', { method: 'POST', body: exported }),
  exportConversation: async (id: string, format: 'markdown' | 'json') =>
    (await request(`${conversationPath(id)}/export?format=${format}`)).text(),
  /** All turns of a conversation, the oldest first. */
  async turns(id: string, options?: Signal): Promise<ConversationTurn[]> {
    const turns: ConversationTurn[] = [];
    for (let after: string | undefined; ; after = turns.at(-1)?.id) {
      const query = queryString({ limit: 1_000, after });
      const page = await requestJson<TurnList>(`${conversationPath(id)}/turns${query}`, options);
      turns.push(...page.data);
      if (!page.has_more) return turns;
    }
  },

  trace: (id: string, options?: Signal) => requestJson<Trace>(`${responsePath(id)}/trace`, options),
  giveFeedback: (id: string, body: CreateFeedback) =>
    requestJson<Feedback>(`${responsePath(id)}/feedback`, { method: 'POST', body }),

  /** What the reader's key may see and do. */
  caller: (options?: Signal) => requestJson<CallerView>('/v1/caller', options),
  evaluations: (options?: Signal) => requestJson<EvaluationList>('/v1/evaluations', options),
  modelConfiguration: (options?: Signal) => requestJson<ModelConfiguration>('/v1/configuration/models', options),
  foundModels: () => requestJson<FoundModelList>('/v1/configuration/found-models'),
  /** Without `write` it is only checked. */
  configureModel: (body: { model: NewModel; write: boolean }) =>
    requestJson<ModelsChange>('/v1/configuration/models', { method: 'POST', body }),
  /** What runs ends, what waits fails. */
  removeModel: (id: string) =>
    requestJson<RemovedModel>(`/v1/configuration/models/${encodeURIComponent(id)}`, { method: 'DELETE' }),
  keys: (options?: Signal) => requestJson<ApiKeyList>('/v1/keys', options),
  createKey: (body: NewApiKey) => requestJson<CreatedApiKey>('/v1/keys', { method: 'POST', body }),
  confirmKey: (id: string) => requestJson<ApiKey>(`/v1/keys/${encodeURIComponent(id)}/confirm`, { method: 'POST' }),
  revokeKey: (id: string) => requestJson<ApiKey>(`/v1/keys/${encodeURIComponent(id)}`, { method: 'DELETE' }),

  webhook: (options?: Signal) => requestJson<KeyWebhook>('/v1/webhook', options),
  setWebhook: (url: string | null) => requestJson<KeyWebhook>('/v1/webhook', { method: 'POST', body: { url } }),
  rotateWebhook: () => requestJson<KeyWebhook>('/v1/webhook/rotate', { method: 'POST' }),
  deliveries: (options?: Signal) => requestJson<WebhookDeliveryList>('/v1/webhooks/deliveries?limit=50', options),

  /** The wire events of a response from `after` on, through lost connections, until it has ended. */
  followResponse: (id: string, options: Following) => followEvents<ResponseEvent>(responsePath(id), options),
  /** Steps and progress of a response, live. @throws ServiceFault of kind `scope` where the key may see no trace */
  followTrace: (id: string, options: Following) =>
    followEvents<NumberedTraceEvent>(`${responsePath(id)}/trace`, options),
};

let thoughts: Promise<boolean> | undefined;

/** Whether the reader's key may see thoughts; asked once, as another key loads the page again. */
function seesThoughts(): Promise<boolean> {
  thoughts ??= service.caller().then(
    ({ scopes }) => scopes.trace === 'full',
    () => {
      thoughts = undefined;
      return false;
    },
  );
  return thoughts;
}

function conversationPath(id: string): string {
  return `/v1/conversations/${encodeURIComponent(id)}`;
}

function responsePath(id: string): string {
  return `/v1/responses/${encodeURIComponent(id)}`;
}

function queryString(query: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}
