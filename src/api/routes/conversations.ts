import { Hono } from 'hono';
import {
  Conversation,
  type ConversationRecord,
  CreateConversation,
  CreateItems,
  DeletedConversation,
  ItemList,
  ItemsQuery,
  UpdateConversation,
} from '../../contracts/responses/conversation.ts';
import { InputItem } from '../../contracts/responses/input-item.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { describeRoutes } from '../openapi/describe-routes.ts';
import { listItems } from '../pages.ts';
import { parseQuery, readJson } from '../read-request.ts';
import {
  addToConversation,
  conversationItems,
  conversationKey,
  findConversation,
  removeFromConversation,
  usedKey,
} from '../responses/conversations.ts';
import { visibleItems, withIds } from '../responses/response-items.ts';
import { parseBody } from '../validation-error.ts';

const described = describeRoutes({
  createConversation: {
    summary: 'A conversation, empty or with items',
    body: CreateConversation,
    answer: Conversation,
    errors: [400, 413, 415],
  },
  retrieveConversation: {
    summary: 'One conversation',
    answer: Conversation,
    errors: [404],
  },
  updateConversation: {
    summary: 'Replaces the metadata',
    body: UpdateConversation,
    answer: Conversation,
    errors: [400, 404, 413, 415],
  },
  deleteConversation: {
    summary: 'Forgets the conversation; its responses stay',
    answer: DeletedConversation,
    errors: [404],
  },
  listConversationItems: {
    summary: 'Its items, newest first',
    query: ItemsQuery,
    answer: ItemList,
    errors: [400, 404],
  },
  createConversationItems: {
    summary: 'Adds items at its end',
    body: CreateItems,
    answer: ItemList,
    errors: [400, 404, 413, 415],
  },
  retrieveConversationItem: {
    summary: 'One of its items',
    answer: InputItem,
    errors: [404],
  },
  deleteConversationItem: {
    summary: 'Removes one item; later turns no longer see it',
    answer: Conversation,
    errors: [404, 409],
  },
});

/** `/v1/conversations`: create, get, update, delete; add, list, get and remove items. */
export function createConversationsRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const { records, limits, now, newId } = dependencies;
  const routes = new Hono<ApiEnvironment>();

  routes.post('/', described.createConversation, async (c) => {
    const { items, metadata } = parseBody(CreateConversation, await readJson(c.req, limits));
    const makeId = c.get('newId') ?? newId;
    const record: ConversationRecord = {
      version: 1,
      id: `conv_${makeId()}`,
      createdAt: c.get('startedAt') ?? now(),
      owner: c.get('caller').owner,
      metadata: metadata ?? {},
      entries: items && items.length > 0 ? [{ type: 'items', items: named(items, makeId()) }] : [],
    };
    await records.set(usedKey(record.id, now()), {});
    await records.set(conversationKey(record.id), record);
    return c.json(shown(record));
  });

  routes.get('/:id', described.retrieveConversation, async (c) =>
    c.json(shown(await find(c.req.param('id'), c.get('caller')))),
  );

  routes.post('/:id', described.updateConversation, async (c) => {
    const { metadata } = parseBody(UpdateConversation, await readJson(c.req, limits));
    const record = await find(c.req.param('id'), c.get('caller'));
    await records.update(conversationKey(record.id), (value) =>
      typeof value === 'object' && value !== null ? { ...value, metadata } : undefined,
    );
    return c.json(shown({ ...record, metadata }));
  });

  routes.delete('/:id', described.deleteConversation, async (c) => {
    const { id } = await find(c.req.param('id'), c.get('caller'));
    await records.remove(conversationKey(id));
    return c.json({ id, object: 'conversation.deleted', deleted: true } satisfies DeletedConversation);
  });

  routes.get('/:id/items', described.listConversationItems, async (c) => {
    const query = parseQuery(ItemsQuery, c.req);
    const caller = c.get('caller');
    const { items } = await conversationItems(dependencies, await find(c.req.param('id'), caller));
    return c.json(listItems(visibleItems(items, caller.scopes.trace === 'full'), query) satisfies ItemList);
  });

  routes.post('/:id/items', described.createConversationItems, async (c) => {
    const { items } = parseBody(CreateItems, await readJson(c.req, limits));
    const record = await find(c.req.param('id'), c.get('caller'));
    const makeId = c.get('newId');
    const added = named(items, makeId?.() ?? newId());
    // A request that names itself by a key may have added them before, and not come to its answer.
    if (makeId === undefined || !holds(record, added)) {
      await addToConversation(dependencies, record.id, { type: 'items', items: added });
    }
    return c.json(listItems(added, { order: 'asc', limit: added.length }) satisfies ItemList);
  });

  routes.get('/:id/items/:item', described.retrieveConversationItem, async (c) => {
    const caller = c.get('caller');
    const { items } = await conversationItems(dependencies, await find(c.req.param('id'), caller));
    const item = visibleItems(items, caller.scopes.trace === 'full').find(({ id }) => id === c.req.param('item'));
    if (item === undefined) throw itemNotFound(c.req.param('item'));
    return c.json(item);
  });

  routes.delete('/:id/items/:item', described.deleteConversationItem, async (c) => {
    const record = await find(c.req.param('id'), c.get('caller'));
    if (!(await removeFromConversation(dependencies, record, c.req.param('item')))) {
      throw itemNotFound(c.req.param('item'));
    }
    return c.json(shown(record));
  });

  return routes;

  function find(id: string, caller: ApiEnvironment['Variables']['caller']) {
    return findConversation(records, id, { caller, param: 'id' });
  }

  function named(items: readonly InputItem[], suffix: string): InputItem[] {
    const at = items.findIndex(({ type }) => type === 'item_reference');
    if (at < 0) return withIds(items, suffix);
    throw new ServiceError({
      code: 'unsupported_input',
      message: `Invalid 'items[${at}]': expected the item itself.`,
      param: `items[${at}]`,
    });
  }
}

function itemNotFound(id: string): ServiceError {
  const message = `The conversation has no item '${id.slice(0, 128)}'.`;
  return new ServiceError({ code: 'not_found', message, param: 'item' });
}

function holds({ entries }: ConversationRecord, items: readonly InputItem[]): boolean {
  const ids = new Set(entries.flatMap((entry) => (entry.type === 'items' ? entry.items.map(({ id }) => id) : [])));
  return items.every(({ id }) => ids.has(id));
}

function shown({ id, createdAt, metadata }: ConversationRecord): Conversation {
  return { id, object: 'conversation', created_at: Math.floor(createdAt / 1000), metadata };
}
