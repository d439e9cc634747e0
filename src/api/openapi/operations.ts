import type { z } from 'zod';
import { Compaction, CompactRequest } from '../../contracts/responses/compaction.ts';
import {
  Conversation,
  CreateConversation,
  CreateItems,
  DeletedConversation,
  ItemList,
  ItemsQuery,
  UpdateConversation,
} from '../../contracts/responses/conversation.ts';
import { CreateResponse } from '../../contracts/responses/create-response.ts';
import { InputItem } from '../../contracts/responses/input-item.ts';
import { Response } from '../../contracts/responses/response.ts';
import { ResponseEvent } from '../../contracts/responses/response-event.ts';
import { TraceStreamEvent } from '../../contracts/responses/trace-event.ts';
import { ApiKey, ApiKeyList, CreatedApiKey, NewApiKey } from '../../contracts/service/api-key.ts';
import { EvaluationList } from '../../contracts/service/evaluation.ts';
import { CallerView } from '../../contracts/service/key-scopes.ts';
import {
  DeletedResponse,
  Health,
  InputTokens,
  ModelList,
  ModelObject,
  ReadinessReport,
  ResponseList,
  StrategyList,
  Trace,
} from '../../contracts/service/listings.ts';
import { ChangeModels, ModelConfiguration, ModelsChange } from '../../contracts/service/model-configuration.ts';
import { ListQueryString, ModelsQuery, RetrieveQuery, TraceQuery } from '../../contracts/service/query.ts';
import { DeliveriesQuery, KeyWebhook, SetWebhook, WebhookDeliveryList } from '../../contracts/service/webhook.ts';

/** One route as the document shows it. Paths in OpenAPI's form. */
export type Operation = {
  method: 'get' | 'post' | 'delete';
  path: string;
  operationId: string;
  summary: string;
  description?: string;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Of `body`, where it is not JSON. */
  bodyType?: string;
  /** Of status 200. */
  answer: z.ZodType;
  /** `data` of the events where the route can stream. */
  event?: z.ZodType;
  /** Of `answer`, where it is not JSON: then `answer` is one line of it. */
  mediaType?: string;
  /** Where the route can stream JSON lines, each an `answer`. */
  lineType?: string;
  /** Body of its errors, where it is not the contract's envelope. */
  error?: z.ZodType;
  /** Statuses of the error envelope, beside those that every route can give. */
  errors: readonly number[];
  /** Statuses other than 200 that carry a body of their own. */
  others?: Readonly<Record<number, { description: string; schema: z.ZodType }>>;
};

export const operations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/responses',
    operationId: 'createResponse',
    summary: 'Ask: waits for the answer, streams it, or returns at once with `background: true`',
    description:
      'Streams: with `include: ["reasoning.text"]` (scope `trace:full`) the first chain\'s thought comes as it is sampled, with `reasoning.summary` a part for each step as it ends; a stream that is idle gets a comment every 5 s. A request that waits longer than 5 s gets status 200 and a space every 5 s before the JSON; a failed response is an object with `status: "failed"`.\n\nWebSocket mode: open a WebSocket to this path and send this body with `type: "response.create"`, one response at a time. Each message brings the events of the stream, or `{"type": "error", "status", "error"}`.',
    body: CreateResponse,
    answer: Response,
    event: ResponseEvent,
    errors: [400, 404, 409, 413, 415, 429],
  },
  {
    method: 'get',
    path: '/v1/responses',
    operationId: 'listResponses',
    summary: 'Responses, newest first',
    query: ListQueryString,
    answer: ResponseList,
    errors: [400],
  },
  {
    method: 'get',
    path: '/v1/responses/{id}',
    operationId: 'retrieveResponse',
    summary: 'A response as it stands; `wait` holds until it ends, `stream` replays and follows its events',
    description:
      'With `wait`, after 5 s status 200 is sent, and a space every 5 s before the JSON. `Retry-After` is there while the response runs, unless the head was sent before.',
    query: RetrieveQuery,
    answer: Response,
    event: ResponseEvent,
    errors: [400, 404],
  },
  {
    method: 'delete',
    path: '/v1/responses/{id}',
    operationId: 'deleteResponse',
    summary: 'Removes response, events and trace',
    answer: DeletedResponse,
    errors: [404],
  },
  {
    method: 'post',
    path: '/v1/responses/{id}/cancel',
    operationId: 'cancelResponse',
    summary: 'Cancels at the next token; a response that has ended comes back as it is',
    answer: Response,
    errors: [404],
  },
  {
    method: 'post',
    path: '/v1/responses/{id}/answer_now',
    operationId: 'answerNow',
    summary: 'Ends the thinking and answers with the best result so far',
    answer: Response,
    errors: [404, 409],
  },
  {
    method: 'get',
    path: '/v1/responses/{id}/trace',
    operationId: 'retrieveTrace',
    summary: 'The reasoning trace, as far as the key may see',
    description:
      'With `stream=true` live: steps and progress, numbered by themselves. `stream=true&only=progress` gives phase and tokens alone, which any key may read; its numbers have gaps.',
    query: TraceQuery,
    answer: Trace,
    event: TraceStreamEvent,
    errors: [400, 404],
  },
  {
    method: 'get',
    path: '/v1/responses/{id}/input_items',
    operationId: 'listInputItems',
    summary: 'The items of the prompt: those before it, and its own',
    query: ItemsQuery,
    answer: ItemList,
    errors: [400, 404],
  },
  {
    method: 'post',
    path: '/v1/responses/input_tokens',
    operationId: 'countInputTokens',
    summary: 'How many tokens a request’s prompt has, without running it; they count towards the key’s tokens per day',
    body: CreateResponse,
    answer: InputTokens,
    errors: [400, 404, 409, 413, 415, 429],
  },
  {
    method: 'post',
    path: '/v1/responses/compact',
    operationId: 'compactResponse',
    summary: 'The newest items that fit half of the context, as one item to go on from; no model is asked',
    body: CompactRequest,
    answer: Compaction,
    errors: [400, 404, 409, 413, 415],
  },
  {
    method: 'post',
    path: '/v1/conversations',
    operationId: 'createConversation',
    summary: 'A conversation, empty or with items',
    body: CreateConversation,
    answer: Conversation,
    errors: [400, 413, 415],
  },
  {
    method: 'get',
    path: '/v1/conversations/{id}',
    operationId: 'retrieveConversation',
    summary: 'One conversation',
    answer: Conversation,
    errors: [404],
  },
  {
    method: 'post',
    path: '/v1/conversations/{id}',
    operationId: 'updateConversation',
    summary: 'Replaces the metadata',
    body: UpdateConversation,
    answer: Conversation,
    errors: [400, 404, 413, 415],
  },
  {
    method: 'delete',
    path: '/v1/conversations/{id}',
    operationId: 'deleteConversation',
    summary: 'Forgets the conversation; its responses stay',
    answer: DeletedConversation,
    errors: [404],
  },
  {
    method: 'get',
    path: '/v1/conversations/{id}/items',
    operationId: 'listConversationItems',
    summary: 'Its items, newest first',
    query: ItemsQuery,
    answer: ItemList,
    errors: [400, 404],
  },
  {
    method: 'post',
    path: '/v1/conversations/{id}/items',
    operationId: 'createConversationItems',
    summary: 'Adds items at its end',
    body: CreateItems,
    answer: ItemList,
    errors: [400, 404, 413, 415],
  },
  {
    method: 'get',
    path: '/v1/conversations/{id}/items/{item}',
    operationId: 'retrieveConversationItem',
    summary: 'One of its items',
    answer: InputItem,
    errors: [404],
  },
  {
    method: 'delete',
    path: '/v1/conversations/{id}/items/{item}',
    operationId: 'deleteConversationItem',
    summary: 'Removes one item; later turns no longer see it',
    answer: Conversation,
    errors: [404, 409],
  },
  {
    method: 'get',
    path: '/v1/models',
    operationId: 'listModels',
    summary: 'Models with capabilities, context length and effort table',
    query: ModelsQuery,
    answer: ModelList,
    errors: [400],
  },
  {
    method: 'get',
    path: '/v1/models/{id}',
    operationId: 'retrieveModel',
    summary: 'One model',
    answer: ModelObject,
    errors: [404],
  },
  {
    method: 'get',
    path: '/v1/strategies',
    operationId: 'listStrategies',
    summary: 'Plans that spend a thinking budget',
    answer: StrategyList,
    errors: [],
  },
  {
    method: 'get',
    path: '/v1/caller',
    operationId: 'retrieveCaller',
    summary: 'What the key that asks may see and do',
    answer: CallerView,
    errors: [],
  },
  {
    method: 'get',
    path: '/v1/evaluations',
    operationId: 'listEvaluations',
    summary: 'What evaluations of this installation have measured, newest first',
    answer: EvaluationList,
    errors: [],
  },
  {
    method: 'get',
    path: '/v1/configuration/models',
    operationId: 'retrieveModelConfiguration',
    summary: 'The models that the next start reads; scope `admin`',
    answer: ModelConfiguration,
    errors: [404, 409],
  },
  {
    method: 'post',
    path: '/v1/configuration/models',
    operationId: 'changeModelConfiguration',
    summary: 'Checks one more model, and with `write` adds it for the next start; scope `admin`',
    body: ChangeModels,
    answer: ModelsChange,
    errors: [400, 404, 409, 413, 415],
  },
  {
    method: 'get',
    path: '/v1/webhook',
    operationId: 'getWebhook',
    summary: 'The key’s own webhook and the secret that signs',
    answer: KeyWebhook,
    errors: [],
  },
  {
    method: 'post',
    path: '/v1/webhook',
    operationId: 'setWebhook',
    summary: 'Sets where the ends of this key’s responses are told',
    body: SetWebhook,
    answer: KeyWebhook,
    errors: [400, 413, 415],
  },
  {
    method: 'post',
    path: '/v1/webhook/rotate',
    operationId: 'rotateWebhookSecret',
    summary: 'Makes a new secret; for a day the one before signs as well',
    answer: KeyWebhook,
    errors: [],
  },
  {
    method: 'get',
    path: '/v1/webhooks/deliveries',
    operationId: 'listDeliveries',
    summary: 'Webhooks of all keys, newest first; scope `admin`',
    query: DeliveriesQuery,
    answer: WebhookDeliveryList,
    errors: [400],
  },
  {
    method: 'get',
    path: '/v1/responses/{id}/deliveries',
    operationId: 'listResponseDeliveries',
    summary: 'The webhook of one response, and what came of it',
    answer: WebhookDeliveryList,
    errors: [404],
  },
  {
    method: 'post',
    path: '/v1/keys',
    operationId: 'createKey',
    summary: 'Makes a key; its secret is shown this once; scope `admin`',
    body: NewApiKey,
    answer: CreatedApiKey,
    errors: [400, 413, 415],
  },
  {
    method: 'post',
    path: '/v1/keys/{id}/confirm',
    operationId: 'confirmKey',
    summary:
      'Makes a key work that was made with `confirm: true`; the first one closes the service to callers without a key; scope `admin`',
    answer: ApiKey,
    errors: [404],
  },
  {
    method: 'get',
    path: '/v1/keys',
    operationId: 'listKeys',
    summary: 'All keys, newest first, without their secrets; scope `admin`',
    answer: ApiKeyList,
    errors: [],
  },
  {
    method: 'delete',
    path: '/v1/keys/{id}',
    operationId: 'revokeKey',
    summary: 'Revokes a key; scope `admin`',
    answer: ApiKey,
    errors: [404],
  },
  {
    method: 'get',
    path: '/healthz',
    operationId: 'health',
    summary: 'The process lives',
    answer: Health,
    errors: [],
  },
  {
    method: 'get',
    path: '/readyz',
    operationId: 'readiness',
    summary: 'Models are loaded and the backend is up',
    answer: ReadinessReport,
    errors: [],
    others: { 503: { description: 'Not ready yet', schema: ReadinessReport } },
  },
];
