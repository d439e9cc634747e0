import { Hono } from 'hono';
import { Compaction, CompactRequest } from '../../contracts/responses/compaction.ts';
import { ItemList, ItemsQuery } from '../../contracts/responses/conversation.ts';
import { CreateResponse } from '../../contracts/responses/create-response.ts';
import { InputTokens } from '../../contracts/service/listings.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { describeRoutes } from '../openapi/describe-routes.ts';
import { listItems } from '../pages.ts';
import { parseQuery, readJson } from '../read-request.ts';
import { preparePrompt } from '../responses/accept-response.ts';
import { createAdmission } from '../responses/admission.ts';
import { compact } from '../responses/compact.ts';
import { contextItems } from '../responses/prompt/earlier-items.ts';
import { inputItems, visibleItems } from '../responses/response-items.ts';
import { findResponse } from '../responses/response-view.ts';

const described = describeRoutes({
  listInputItems: {
    summary: 'Lists the items of the prompt: earlier ones and the request’s own',
    query: ItemsQuery,
    answer: ItemList,
    errors: [400, 404],
  },
  countInputTokens: {
    summary: 'Counts the tokens of a request’s prompt without running it; they count towards the key’s tokens per day',
    body: CreateResponse,
    answer: InputTokens,
    errors: [400, 404, 409, 413, 415, 429],
  },
  compactResponse: {
    summary:
      'Returns the newest items that fit into half of the context as one item to continue from; no model is called',
    body: CompactRequest,
    answer: Compaction,
    errors: [400, 404, 409, 413, 415],
  },
});

/** `/v1/responses/input_tokens`, `/v1/responses/compact` and `/v1/responses/{id}/input_items`: what a prompt holds, and how long it is. */
export function createResponseInputRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const { queue, limits } = dependencies;
  const admission = createAdmission(dependencies);
  const routes = new Hono<ApiEnvironment>();

  routes.get('/:id/input_items', described.listInputItems, async (c) => {
    const query = parseQuery(ItemsQuery, c.req);
    const caller = c.get('caller');
    const { job } = await findResponse(queue, c.req.param('id'), caller);
    const full = caller.scopes.trace === 'full';
    const before = await contextItems(dependencies, job, { caller, thoughts: full ? 'all' : 'none' });
    const items = visibleItems([...before, ...inputItems(job)], caller.scopes);
    return c.json(listItems(items, query) satisfies ItemList);
  });

  routes.post('/input_tokens', described.countInputTokens, async (c) => {
    const { signal } = c.req.raw;
    const body = await readJson(c.req, limits);
    const { inputTokens } = await preparePrompt(body, c.get('caller'), dependencies, { signal });
    await admission.count(c, inputTokens);
    return c.json({ object: 'response.input_tokens', input_tokens: inputTokens } satisfies InputTokens);
  });

  routes.post('/compact', described.compactResponse, async (c) => {
    const compaction: Compaction = await compact(await readJson(c.req, limits), c.get('caller'), dependencies);
    await admission.count(c, compaction.usage.input_tokens);
    return c.json(compaction);
  });

  return routes;
}
