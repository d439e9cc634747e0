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
import { describeRoutes } from '../../openapi/describe-routes.ts';
import { listOf, pageOf } from '../../pages.ts';
import { parseQuery, queryPairs, readJson } from '../../read-request.ts';
import { createResponseRemoval, type ResponseRemoval } from '../../responses/remove-response.ts';
import { parseBody } from '../../validation-error.ts';
import type { Thoughts } from '../answer-pieces.ts';
import { createTranslatedRuns, type Run, type TranslatedRuns } from '../translated-runs.ts';
import { anotherAnswer } from '../translation.ts';
import { chatChunks, chatCompletion } from './chat-answer.ts';
import { parseChat, translateChat } from './chat-request.ts';
import { chatStream } from './chat-stream.ts';
import { createStoredChats, type StoredChats, storedChatCompletion, storedChatMessages } from './stored-chats.ts';

type ApiContext = Context<ApiEnvironment>;

const described = describeRoutes({
  createChatCompletion: {
    summary:
      'OpenAI’s Chat Completions API on the same engine; thoughts are in `reasoning_content` if the key may see them',
    body: CreateChatCompletion,
    answer: ChatCompletion,
    event: ChatCompletionChunk,
    errors: [400, 404, 413, 415, 429],
  },
  listChatCompletions: {
    summary: 'Lists ended chat completions made with `store: true`, oldest first',
    query: ChatCompletionsQuery,
    answer: ChatCompletionList,
    errors: [400],
  },
  retrieveChatCompletion: {
    summary: 'Returns a stored chat completion; 409 while it runs',
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
    summary: 'Deletes a stored chat completion with its responses',
    answer: DeletedChatCompletion,
    errors: [404],
  },
  listChatCompletionMessages: {
    summary: 'Lists the messages of a stored chat completion’s request, oldest first',
    query: ChatMessagesQuery,
    answer: ChatMessageList,
    errors: [400, 404, 409],
  },
});

type Parts = ApiDependencies & { runs: TranslatedRuns; chats: StoredChats; removal: ResponseRemoval };

/** `/v1/chat/completions`: OpenAI's older shape. Each of its `n` answers is a response; with `store: true` they can be read again here. */
export function createChatCompletionsRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const runs = createTranslatedRuns(dependencies);
  const chats = createStoredChats(dependencies);
  const parts: Parts = { ...dependencies, runs, chats, removal: createResponseRemoval(dependencies) };
  const routes = new Hono<ApiEnvironment>();
  routes.post('/', described.createChatCompletion, (c) => create(c, parts));
  routes.get('/', described.listChatCompletions, (c) => list(c, parts));
  routes.get('/:id', described.retrieveChatCompletion, (c) => retrieve(c, c.req.param('id'), parts));
  routes.post('/:id', described.updateChatCompletion, (c) => update(c, c.req.param('id'), parts));
  routes.delete('/:id', described.deleteChatCompletion, (c) => remove(c, c.req.param('id'), parts));
  routes.get('/:id/messages', described.listChatCompletionMessages, (c) => listMessages(c, c.req.param('id'), parts));
  return routes;
}

async function create(c: ApiContext, parts: Parts) {
  const { catalog, limits, runs } = parts;
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
  await start(c, accepted, request.store ? (request.metadata ?? {}) : undefined, parts);
  if (!request.stream) {
    const settled = await runs.settleAll(c, accepted);
    return c.json(chatCompletion(accepted, settled) satisfies ChatCompletion);
  }
  const reader = runs.reader(c, accepted);
  const includeUsage = request.stream_options?.include_usage === true;
  return chatStream(c, reader, chatChunks(accepted, accepted.map(reader.pieces), { includeUsage }), parts);
}

/** `stored`: the metadata of a chat completion that can be read again. */
async function start(
  c: ApiContext,
  accepted: readonly Run[],
  stored: Record<string, string> | undefined,
  { runs, chats }: Parts,
): Promise<void> {
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

async function list(c: ApiContext, { chats }: Parts) {
  const metadata = queryPairs(c.req, 'metadata');
  const query = parseBody(ChatCompletionsQuery, { ...c.req.query(), ...(metadata && { metadata }) });
  const caller = c.get('caller');
  const page = await chats.list(caller, query, { signal: c.req.raw.signal });
  const data = page.chats.map((chat) => storedChatCompletion(chat, caller));
  return c.json(listOf(data, page) satisfies ChatCompletionList);
}

async function retrieve(c: ApiContext, id: string, { chats }: Parts) {
  const caller = c.get('caller');
  return c.json(storedChatCompletion(await chats.find(id, caller), caller) satisfies StoredChatCompletion);
}

async function update(c: ApiContext, id: string, { chats, limits }: Parts) {
  const { metadata } = parseBody(UpdateChatCompletion, await readJson(c.req, limits));
  const caller = c.get('caller');
  const chat = await chats.setMetadata(await chats.find(id, caller), metadata ?? {});
  return c.json(storedChatCompletion(chat, caller) satisfies StoredChatCompletion);
}

async function remove(c: ApiContext, id: string, { chats, removal }: Parts) {
  // The first one last: the chat completion goes with it.
  const responses = await chats.responses(id, c.get('caller'));
  for (const snapshot of responses.toReversed()) await removal.remove(c, snapshot);
  return c.json({ id, object: 'chat.completion.deleted', deleted: true } satisfies DeletedChatCompletion);
}

async function listMessages(c: ApiContext, id: string, { chats }: Parts) {
  const { limit, order = 'asc', after } = parseQuery(ChatMessagesQuery, c.req);
  const caller = c.get('caller');
  const messages = storedChatMessages(await chats.find(id, caller), caller);
  const page = pageOf(order === 'asc' ? messages : messages.toReversed(), { limit, after });
  return c.json(listOf(page.data, page) satisfies ChatMessageList);
}
