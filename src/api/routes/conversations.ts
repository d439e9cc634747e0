import { type Context, Hono } from 'hono';
import {
  Conversation,
  ConversationExport,
  ConversationList,
  type ConversationRecord,
  ConversationsQuery,
  CreateConversation,
  DeletedConversation,
  ExportQuery,
  TurnList,
  TurnsQuery,
  UpdateConversation,
} from '../../contracts/responses/conversation.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import {
  conversationMarkdown,
  exportedConversation,
  importedConversation,
} from '../conversations/conversation-export.ts';
import {
  conversationKey,
  indexConversation,
  listConversations,
  removeConversation,
  shownConversation,
} from '../conversations/conversation-index.ts';
import { entryOfResponse, responseOf } from '../conversations/conversation-tree.ts';
import {
  changeConversation,
  checkRoom,
  conversationInput,
  conversationTurns,
  findConversation,
  settleConversation,
} from '../conversations/conversations.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { creationOf, mostImportedBytes } from '../middleware/idempotency.ts';
import { describeRoutes } from '../openapi/describe-routes.ts';
import { listOf, pageOf } from '../pages.ts';
import { parseQuery, readJson } from '../read-request.ts';
import { createResponseRemoval, type ResponseRemoval } from '../responses/remove-response.ts';
import { parseBody } from '../validation-error.ts';

type ApiContext = Context<ApiEnvironment>;

const importLimits = { bodyBytes: mostImportedBytes, bodyValues: 131_072 };

const described = describeRoutes({
  createConversation: {
    summary: 'Creates a conversation, empty or with items',
    body: CreateConversation,
    answer: Conversation,
    errors: [400, 413, 415],
  },
  listConversations: {
    summary: 'Lists conversations, last used first; `q` searches titles, questions and answers',
    query: ConversationsQuery,
    answer: ConversationList,
    errors: [400],
  },
  importConversation: {
    summary: 'Creates a conversation from an export',
    description:
      'The new conversation has the same turns and branches under new ids. Its responses are not imported: `stored` is false, and they have no trace. The body may be up to 24 MiB.',
    body: ConversationExport,
    answer: Conversation,
    errors: [400, 409, 413, 415],
  },
  retrieveConversation: {
    summary: 'Returns a conversation',
    answer: Conversation,
    errors: [404],
  },
  updateConversation: {
    summary: 'Renames a conversation, or replaces its metadata',
    body: UpdateConversation,
    answer: Conversation,
    errors: [400, 404, 413, 415],
  },
  deleteConversation: {
    summary: 'Deletes a conversation with its responses and their traces',
    answer: DeletedConversation,
    errors: [404],
  },
  listConversationTurns: {
    summary: 'Lists the responses of all branches, oldest first, each with the one that it continues',
    query: TurnsQuery,
    answer: TurnList,
    errors: [400, 404],
  },
  exportConversation: {
    summary: 'Exports a conversation as a file',
    description:
      'JSON contains all branches, and with the scope `trace:full` the thoughts; `POST /v1/conversations/import` reads it. `format=markdown` gives one branch as `text/markdown`: the one that ends with the response `turn`, or else the newest.',
    query: ExportQuery,
    answer: ConversationExport,
    otherTypes: ['text/markdown'],
    errors: [400, 404],
  },
});

type Parts = ApiDependencies & { removal: ResponseRemoval };

/** `/v1/conversations`: create, list, get, change, delete, export and import, and a conversation's turns. */
export function createConversationsRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const parts: Parts = { ...dependencies, removal: createResponseRemoval(dependencies) };
  const routes = new Hono<ApiEnvironment>();
  routes.post('/', described.createConversation, (c) => create(c, parts));
  routes.get('/', described.listConversations, (c) => list(c, parts));
  routes.post('/import', described.importConversation, (c) => importExport(c, parts));
  routes.get('/:id', described.retrieveConversation, async (c) =>
    c.json(shownConversation(await find(c, c.req.param('id'), parts)) satisfies Conversation),
  );
  routes.post('/:id', described.updateConversation, (c) => update(c, c.req.param('id'), parts));
  routes.delete('/:id', described.deleteConversation, (c) => remove(c, c.req.param('id'), parts));
  routes.get('/:id/turns', described.listConversationTurns, (c) => listTurns(c, c.req.param('id'), parts));
  routes.get('/:id/export', described.exportConversation, (c) => sendExport(c, c.req.param('id'), parts));
  return routes;
}

async function create(c: ApiContext, parts: Parts) {
  const { items, metadata, title } = parseBody(CreateConversation, await readJson(c.req, parts.limits));
  const { makeId, at } = creationOf(c, parts);
  const record: ConversationRecord = {
    version: 1,
    id: `conv_${makeId()}`,
    createdAt: at,
    updatedAt: at,
    owner: c.get('caller').owner,
    metadata: metadata ?? {},
    ...(title ? { title } : {}),
    entries: items && items.length > 0 ? [{ type: 'items', items: conversationInput(items, makeId()) }] : [],
  };
  return c.json(await save(record, parts));
}

async function list(c: ApiContext, parts: Parts) {
  const query = parseQuery(ConversationsQuery, c.req);
  const settle = (card: { id: string; running: readonly string[] }) => settleConversation(parts, card);
  const page = await listConversations(parts.records, c.get('caller').owner, query, settle);
  return c.json(page satisfies ConversationList);
}

async function importExport(c: ApiContext, parts: Parts) {
  const { limits } = parts;
  const body = await readJson(c.req, {
    ...limits,
    bodyBytes: Math.max(limits.bodyBytes, importLimits.bodyBytes),
    bodyValues: Math.max(limits.bodyValues, importLimits.bodyValues),
  });
  const { makeId, at } = creationOf(c, parts);
  const made = { id: `conv_${makeId()}`, owner: c.get('caller').owner, now: at, makeId };
  const record = importedConversation(parseBody(ConversationExport, body), made);
  const last = record.entries.at(-1);
  if (last !== undefined) checkRoom({ ...record, entries: record.entries.slice(0, -1) }, last);
  return c.json(await save(record, parts));
}

async function save(record: ConversationRecord, { records }: Parts): Promise<Conversation> {
  // The list's mark first, so that a process that dies in between leaves no conversation outside the list.
  await indexConversation(records, record);
  await records.set(conversationKey(record.id), record);
  return shownConversation(record);
}

async function update(c: ApiContext, id: string, parts: Parts) {
  const { title, metadata } = parseBody(UpdateConversation, await readJson(c.req, parts.limits));
  const record = await find(c, id, parts);
  const changed = await changeConversation(parts.records, record.id, (current) => ({
    ...current,
    ...(title ? { title } : {}),
    ...(metadata ? { metadata } : {}),
  }));
  return c.json(shownConversation(changed ?? record) satisfies Conversation);
}

async function remove(c: ApiContext, given: string, parts: Parts) {
  const record = await find(c, given, parts);
  const { id } = record;
  // The conversation goes last, so that a deletion that breaks off can be repeated.
  const removed = new Set<string>();
  for (let current: ConversationRecord | undefined = record; current !== undefined; ) {
    const left = current.entries.flatMap((entry) => responseOf(entry) ?? []).filter((one) => !removed.has(one));
    if (left.length === 0) break;
    for (const one of left) {
      await removeResponse(c, one, parts);
      removed.add(one);
    }
    // Another tab may have added one meanwhile.
    current = await find(c, id, parts).catch(() => undefined);
  }
  await removeConversation(parts.records, record);
  return c.json({ id, object: 'conversation.deleted', deleted: true } satisfies DeletedConversation);
}

async function removeResponse(c: ApiContext, id: string, { queue, removal }: Parts): Promise<void> {
  const snapshot = await queue.get(id);
  // An imported chat names responses that this service does not have.
  if (snapshot?.job.owner !== c.get('caller').owner) return;
  await removal.remove(c, snapshot, { withConversation: true });
}

async function listTurns(c: ApiContext, id: string, parts: Parts) {
  const { limit = 100, after } = parseQuery(TurnsQuery, c.req);
  const page = pageOf(await conversationTurns(parts, await settled(c, id, parts)), { limit, after });
  return c.json(listOf(page.data, page) satisfies TurnList);
}

async function sendExport(c: ApiContext, id: string, parts: Parts) {
  const { format = 'json', turn } = parseQuery(ExportQuery, c.req);
  const record = await settled(c, id, parts);
  const name = `${record.id}.${format === 'json' ? 'json' : 'md'}`;
  c.header('content-disposition', `attachment; filename="${name}"`);
  if (format === 'json') {
    const { scopes } = c.get('caller');
    return c.json((await exportedConversation(parts.queue, record, { scopes })) satisfies ConversationExport);
  }
  if (turn !== undefined && entryOfResponse(record, turn) === undefined) {
    const message = `The conversation has no response '${turn}'.`;
    throw new ServiceError({ code: 'not_found', message, param: 'turn' });
  }
  const { title, last_response_id } = shownConversation(record);
  const turns = await conversationTurns(parts, record);
  c.header('content-type', 'text/markdown; charset=utf-8');
  return c.body(conversationMarkdown(title, turns, turn ?? last_response_id));
}

function find(c: ApiContext, id: string, { records }: Parts): Promise<ConversationRecord> {
  return findConversation(records, id, { caller: c.get('caller'), param: 'id' });
}

/** With the answers of all responses that have ended. */
async function settled(c: ApiContext, id: string, parts: Parts): Promise<ConversationRecord> {
  const record = await find(c, id, parts);
  const running = record.entries.flatMap((entry) => (entry.type === 'response' ? [entry.id] : []));
  return (await settleConversation(parts, { id: record.id, running })) ? find(c, id, parts) : record;
}
