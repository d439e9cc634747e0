import { type Context, Hono } from 'hono';
import {
  Conversation,
  type ConversationRecord,
  CreateItems,
  ItemList,
  ItemsQuery,
} from '../../contracts/responses/conversation.ts';
import { InputItem } from '../../contracts/responses/input-item.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { shownConversation } from '../conversations/conversation-index.ts';
import {
  addToConversation,
  conversationInput,
  conversationItems,
  findConversation,
  removeFromConversation,
} from '../conversations/conversations.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { describeRoutes } from '../openapi/describe-routes.ts';
import { listItems } from '../pages.ts';
import { parseQuery, readJson } from '../read-request.ts';
import { visibleItems } from '../responses/response-items.ts';
import { parseBody } from '../validation-error.ts';

type ApiContext = Context<ApiEnvironment>;

const described = describeRoutes({
  listConversationItems: {
    summary: 'Lists the items of the branch that was last added to, newest first',
    query: ItemsQuery,
    answer: ItemList,
    errors: [400, 404],
  },
  createConversationItems: {
    summary: 'Adds items at the end of a conversation',
    body: CreateItems,
    answer: ItemList,
    errors: [400, 404, 413, 415],
  },
  retrieveConversationItem: {
    summary: 'Returns one item of a conversation',
    answer: InputItem,
    errors: [404],
  },
  deleteConversationItem: {
    summary: 'Removes one item; later turns no longer see it',
    answer: Conversation,
    errors: [404, 409],
  },
});

/** `/v1/conversations/{id}/items`: list, add, get and remove items. */
export function createConversationItemsRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const { records, limits, newId } = dependencies;
  const routes = new Hono<ApiEnvironment>();

  routes.get('/:id/items', described.listConversationItems, async (c) => {
    const query = parseQuery(ItemsQuery, c.req);
    const { items } = await conversationItems(dependencies, await find(c));
    return c.json(listItems(visibleItems(items, c.get('caller').scopes), query) satisfies ItemList);
  });

  routes.post('/:id/items', described.createConversationItems, async (c) => {
    const { items } = parseBody(CreateItems, await readJson(c.req, limits));
    const record = await find(c);
    const makeId = c.get('newId');
    const added = conversationInput(items, makeId?.() ?? newId());
    // A request that names itself by a key may have added them before, and not come to its answer.
    if (makeId === undefined || !holds(record, added)) {
      await addToConversation(dependencies, record.id, { type: 'items', items: added });
    }
    return c.json(listItems(added, { order: 'asc', limit: added.length }) satisfies ItemList);
  });

  routes.get('/:id/items/:item', described.retrieveConversationItem, async (c) => {
    const record = await find(c);
    const { items } = await conversationItems(dependencies, record, [...record.entries.keys()]);
    const item = visibleItems(items, c.get('caller').scopes).find(({ id }) => id === c.req.param('item'));
    if (item === undefined) throw itemNotFound(c.req.param('item'));
    return c.json(item);
  });

  routes.delete('/:id/items/:item', described.deleteConversationItem, async (c) => {
    const record = await find(c);
    if (!(await removeFromConversation(dependencies, record, c.req.param('item')))) {
      throw itemNotFound(c.req.param('item'));
    }
    return c.json(shownConversation(record) satisfies Conversation);
  });

  return routes;

  function find(c: ApiContext): Promise<ConversationRecord> {
    return findConversation(records, c.req.param('id') ?? '', { caller: c.get('caller'), param: 'id' });
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
