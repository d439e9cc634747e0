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
import { mostImportedBytes } from '../middleware/idempotency.ts';
import { describeRoutes } from '../openapi/describe-routes.ts';
import { listOf, pageOf } from '../pages.ts';
import { parseQuery, readJson } from '../read-request.ts';
import { createResponseRemoval } from '../responses/remove-response.ts';
import { parseBody } from '../validation-error.ts';

type ApiContext = Context<ApiEnvironment>;

const importLimits = { bodyBytes: mostImportedBytes, bodyValues: 131_072 };

const described = describeRoutes({
  createConversation: {
    summary: 'A conversation, empty or with items',
    body: CreateConversation,
    answer: Conversation,
    errors: [400, 413, 415],
  },
  listConversations: {
    summary: 'Conversations, last used first; `q` searches titles, questions and answers',
    query: ConversationsQuery,
    answer: ConversationList,
    errors: [400],
  },
  importConversation: {
    summary: 'Makes a conversation of an export',
    description:
      'The new conversation has the same turns and branches under new ids. Its responses are not there: `stored` is false, and they have no trace. The body may have 24 MiB.',
    body: ConversationExport,
    answer: Conversation,
    errors: [400, 409, 413, 415],
  },
  retrieveConversation: {
    summary: 'One conversation',
    answer: Conversation,
    errors: [404],
  },
  updateConversation: {
    summary: 'Renames it, or replaces the metadata',
    body: UpdateConversation,
    answer: Conversation,
    errors: [400, 404, 413, 415],
  },
  deleteConversation: {
    summary: 'Deletes the conversation with its responses and their traces',
    answer: DeletedConversation,
    errors: [404],
  },
  listConversationTurns: {
    summary: 'Its responses in all branches, oldest first, each with the one that it goes on from',
    query: TurnsQuery,
    answer: TurnList,
    errors: [400, 404],
  },
  exportConversation: {
    summary: 'The conversation as a file',
    description:
      'JSON has all branches, and thoughts with the scope `trace:full`; `POST /v1/conversations/import` reads it. `format=markdown` gives one branch as `text/markdown`: the one that ends with the response `turn`.',
    query: ExportQuery,
    answer: ConversationExport,
    otherTypes: ['text/markdown'],
    errors: [400, 404],
  },
});

/** `/v1/conversations`: create, list, get, change, delete, export and import, and a conversation's turns. */
export function createConversationsRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const { queue, records, limits, now, newId } = dependencies;
  const removal = createResponseRemoval(dependencies);
  const routes = new Hono<ApiEnvironment>();

  routes.post('/', described.createConversation, async (c) => {
    const { items, metadata, title } = parseBody(CreateConversation, await readJson(c.req, limits));
    const makeId = c.get('newId') ?? newId;
    const at = c.get('startedAt') ?? now();
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
    return c.json(await create(record));
  });

  routes.get('/', described.listConversations, async (c) => {
    const query = parseQuery(ConversationsQuery, c.req);
    const settle = (card: { id: string; running: readonly string[] }) => settleConversation(dependencies, card);
    const page = await listConversations(records, c.get('caller').owner, query, settle);
    return c.json(page satisfies ConversationList);
  });

  routes.post('/import', described.importConversation, async (c) => {
    const body = await readJson(c.req, {
      ...limits,
      bodyBytes: Math.max(limits.bodyBytes, importLimits.bodyBytes),
      bodyValues: Math.max(limits.bodyValues, importLimits.bodyValues),
    });
    const makeId = c.get('newId') ?? newId;
    const made = {
      id: `conv_${makeId()}`,
      owner: c.get('caller').owner,
      now: c.get('startedAt') ?? now(),
      makeId,
    };
    const record = importedConversation(parseBody(ConversationExport, body), made);
    checkRoom({ ...record, entries: record.entries.slice(0, -1) }, record.entries.at(-1));
    return c.json(await create(record));
  });

  routes.get('/:id', described.retrieveConversation, async (c) =>
    c.json(shownConversation(await find(c)) satisfies Conversation),
  );

  routes.post('/:id', described.updateConversation, async (c) => {
    const { title, metadata } = parseBody(UpdateConversation, await readJson(c.req, limits));
    const record = await find(c);
    const changed = await changeConversation(records, record.id, (current) => ({
      ...current,
      ...(title ? { title } : {}),
      ...(metadata ? { metadata } : {}),
    }));
    return c.json(shownConversation(changed ?? record) satisfies Conversation);
  });

  routes.delete('/:id', described.deleteConversation, async (c) => {
    const record = await find(c);
    // The conversation goes last: where this breaks off, it can be deleted once more.
    const removed = new Set<string>();
    for (let current: ConversationRecord | undefined = record; current !== undefined; ) {
      const left = current.entries.flatMap((entry) => responseOf(entry) ?? []).filter((id) => !removed.has(id));
      if (left.length === 0) break;
      for (const id of left) {
        await removeResponse(c, id);
        removed.add(id);
      }
      // Another tab may have added one meanwhile.
      current = await findConversation(records, record.id, { caller: c.get('caller'), param: 'id' }).catch(
        () => undefined,
      );
    }
    await removeConversation(records, record);
    return c.json({ id: record.id, object: 'conversation.deleted', deleted: true } satisfies DeletedConversation);
  });

  routes.get('/:id/turns', described.listConversationTurns, async (c) => {
    const { limit = 100, after } = parseQuery(TurnsQuery, c.req);
    const { data, hasMore } = pageOf(await conversationTurns(dependencies, await settled(c)), { limit, after });
    return c.json(listOf(data, { hasMore }) satisfies TurnList);
  });

  routes.get('/:id/export', described.exportConversation, async (c) => {
    const { format = 'json', turn } = parseQuery(ExportQuery, c.req);
    const record = await settled(c);
    const name = `${record.id}.${format === 'json' ? 'json' : 'md'}`;
    c.header('content-disposition', `attachment; filename="${name}"`);
    if (format === 'json') {
      const full = c.get('caller').scopes.trace === 'full';
      return c.json((await exportedConversation(queue, record, { full })) satisfies ConversationExport);
    }
    if (turn !== undefined && entryOfResponse(record, turn) === undefined) {
      const message = `The conversation has no response '${turn}'.`;
      throw new ServiceError({ code: 'not_found', message, param: 'turn' });
    }
    const { title, last_response_id } = shownConversation(record);
    const turns = await conversationTurns(dependencies, record);
    c.header('content-type', 'text/markdown; charset=utf-8');
    return c.body(conversationMarkdown(title, turns, turn ?? last_response_id));
  });

  return routes;

  function find(c: ApiContext): Promise<ConversationRecord> {
    return findConversation(records, c.req.param('id') ?? '', { caller: c.get('caller'), param: 'id' });
  }

  /** With the answers of all responses that have ended. */
  async function settled(c: ApiContext): Promise<ConversationRecord> {
    const record = await find(c);
    const running = record.entries.flatMap((entry) => (entry.type === 'response' ? [entry.id] : []));
    return (await settleConversation(dependencies, { id: record.id, running })) ? find(c) : record;
  }

  async function create(record: ConversationRecord): Promise<Conversation> {
    // The list's mark first: a process that dies in between leaves nothing that no list knows.
    await indexConversation(records, record);
    await records.set(conversationKey(record.id), record);
    return shownConversation(record);
  }

  async function removeResponse(c: ApiContext, id: string): Promise<void> {
    const snapshot = await queue.get(id);
    // An imported chat names responses that this service does not have.
    if (snapshot?.job.owner !== c.get('caller').owner) return;
    await removal.remove(c, snapshot, { withConversation: true });
  }
}
