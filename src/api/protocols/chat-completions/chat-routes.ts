import { type Context, Hono } from 'hono';
import {
  ChatCompletion,
  ChatCompletionChunk,
  CreateChatCompletion,
} from '../../../contracts/protocols/chat-completion.ts';
import {
  ChatCompletionList,
  ChatCompletionsQuery,
  ChatMessageList,
  ChatMessagesQuery,
  DeletedChatCompletion,
  StoredChatCompletion,
  UpdateChatCompletion,
} from '../../../contracts/protocols/stored-chat-completion.ts';
import type { ApiDependencies, ApiEnvironment } from '../../dependencies.ts';
import { eventStream, eventStreamHeaders } from '../../event-stream.ts';
import { describeRoutes } from '../../openapi/describe-routes.ts';
import { listOf, pageOf } from '../../pages.ts';
import { parseQuery, queryPairs, readJson } from '../../read-request.ts';
import { createResponseRemoval } from '../../responses/remove-response.ts';
import { parseBody } from '../../validation-error.ts';
import type { Thoughts } from '../answer-pieces.ts';
import { createTranslatedRuns, type Run } from '../translated-runs.ts';
import { anotherAnswer } from '../translation.ts';
import { chatChunks, chatCompletion } from './chat-answer.ts';
import { chatEvents } from './chat-events.ts';
import { parseChat, translateChat } from './chat-request.ts';
import { createStoredChats, storedChatCompletion, storedChatMessages } from './stored-chats.ts';

type ApiContext = Context<ApiEnvironment>;

const described = describeRoutes({
  createChatCompletion: {
    summary: 'OpenAI’s older shape on the same engine; thoughts in `reasoning_content` where the key may see them',
    body: CreateChatCompletion,
    answer: ChatCompletion,
    event: ChatCompletionChunk,
    errors: [400, 404, 413, 415, 429],
  },
  listChatCompletions: {
    summary: 'Chat completions made with `store: true` that have ended, oldest first',
    query: ChatCompletionsQuery,
    answer: ChatCompletionList,
    errors: [400],
  },
  retrieveChatCompletion: {
    summary: 'A stored chat completion; 409 while it runs',
    answer: StoredChatCompletion,
    errors: [404, 409],
  },
  updateChatCompletion: {
    summary: 'Replaces the metadata of a stored chat completion',
    body: UpdateChatCompletion,
    answer: StoredChatCompletion,
    errors: [400, 404, 409, 413, 415],
  },
  deleteChatCompletion: {
    summary: 'Removes a stored chat completion with its responses',
    answer: DeletedChatCompletion,
    errors: [404],
  },
  listChatCompletionMessages: {
    summary: 'The messages of a stored chat completion’s request, oldest first',
    query: ChatMessagesQuery,
    answer: ChatMessageList,
    errors: [400, 404, 409],
  },
});

/** `/v1/chat/completions`: OpenAI's older shape. Each of its `n` answers is a response; with `store: true` they can be read again here. */
export function createChatCompletionsRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const { catalog, limits, log } = dependencies;
  const runs = createTranslatedRuns(dependencies);
  const chats = createStoredChats(dependencies);
  const removal = createResponseRemoval(dependencies);
  const routes = new Hono<ApiEnvironment>();

  routes.post('/', described.createChatCompletion, async (c) => {
    const body = await readJson(c.req, limits);
    const request = parseChat(body);
    const translation = translateChat(request, body);
    const thoughts: Thoughts = c.get('caller').scopes.trace === 'full' ? 'full' : 'none';
    const first = await runs.accept(c, translation, thoughts, request.stream);
    const accepted: Run[] = [first];
    for (let index = 1; index < (request.n ?? 1); index += 1) {
      const { temperature } = catalog.effortTable(first.job.model);
      const next = anotherAnswer(translation, { index, temperature });
      accepted.push(await runs.accept(c, next, thoughts, request.stream));
    }
    await start(c, accepted, request.store ? (request.metadata ?? {}) : undefined);
    if (!request.stream) {
      const settled = await Promise.all(accepted.map((run) => runs.settle(c, run)));
      return c.json(chatCompletion(accepted, settled) satisfies ChatCompletion);
    }
    const gone = new AbortController();
    const sources = accepted.map((run) => runs.pieces(run, { signal: gone.signal }));
    const includeUsage = request.stream_options?.include_usage === true;
    const chunks = chatChunks(accepted, sources, { includeUsage });
    const onCancel = () => {
      gone.abort();
      runs.abandon(accepted);
    };
    if (c.req.raw.signal.aborted) onCancel();
    const events = chatEvents(chunks, { signal: gone.signal, log, requestId: c.get('requestId') });
    return c.body(eventStream(events, { keepAliveMs: limits.keepAliveMs, onCancel }), 200, eventStreamHeaders);
  });

  routes.get('/', described.listChatCompletions, async (c) => {
    const metadata = queryPairs(c.req, 'metadata');
    const query = parseBody(ChatCompletionsQuery, { ...c.req.query(), ...(metadata && { metadata }) });
    const caller = c.get('caller');
    const { chats: found, hasMore } = await chats.list(caller, query, { signal: c.req.raw.signal });
    const data = found.map((chat) => storedChatCompletion(chat, caller));
    return c.json(listOf(data, { hasMore }) satisfies ChatCompletionList);
  });

  routes.get('/:id', described.retrieveChatCompletion, async (c) => {
    const caller = c.get('caller');
    const chat = await chats.find(c.req.param('id'), caller);
    return c.json(storedChatCompletion(chat, caller) satisfies StoredChatCompletion);
  });

  routes.post('/:id', described.updateChatCompletion, async (c) => {
    const { metadata } = parseBody(UpdateChatCompletion, await readJson(c.req, limits));
    const caller = c.get('caller');
    const chat = await chats.setMetadata(await chats.find(c.req.param('id'), caller), metadata ?? {});
    return c.json(storedChatCompletion(chat, caller) satisfies StoredChatCompletion);
  });

  routes.delete('/:id', described.deleteChatCompletion, async (c) => {
    const id = c.req.param('id');
    // The first one last: the chat completion goes with it.
    const responses = await chats.responses(id, c.get('caller'));
    for (const snapshot of responses.toReversed()) await removal.remove(c, snapshot);
    return c.json({ id, object: 'chat.completion.deleted', deleted: true } satisfies DeletedChatCompletion);
  });

  routes.get('/:id/messages', described.listChatCompletionMessages, async (c) => {
    const { limit, order = 'asc', after } = parseQuery(ChatMessagesQuery, c.req);
    const caller = c.get('caller');
    const messages = storedChatMessages(await chats.find(c.req.param('id'), caller), caller);
    const { data, hasMore } = pageOf(order === 'asc' ? messages : messages.toReversed(), { limit, after });
    return c.json(listOf(data, { hasMore }) satisfies ChatMessageList);
  });

  return routes;

  /** `stored`: the metadata of a chat completion that can be read again. */
  async function start(c: ApiContext, accepted: readonly Run[], stored: Record<string, string> | undefined) {
    if (stored === undefined) return runs.start(c, accepted);
    await chats.save(accepted, stored);
    try {
      await runs.start(c, accepted);
    } catch (error) {
      // One of an earlier request with the same Idempotency-Key stays.
      if (!accepted[0]?.again) await chats.forget(accepted);
      throw error;
    }
  }
}
