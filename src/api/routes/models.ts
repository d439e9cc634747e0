import { Hono } from 'hono';
import { ModelList, ModelObject } from '../../contracts/service/listings.ts';
import type { ModelCard, ModelState } from '../../contracts/service/model-card.ts';
import { ModelsQuery } from '../../contracts/service/query.ts';
import type { Caller } from '../caller.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { describeRoutes } from '../openapi/describe-routes.ts';
import { listOf } from '../pages.ts';
import { parseQuery } from '../read-request.ts';
import { resolveModel } from '../responses/resolve-reasoning.ts';

const described = describeRoutes({
  listModels: {
    summary: 'Lists the models with capabilities, context length and effort table',
    query: ModelsQuery,
    answer: ModelList,
    errors: [400],
  },
  retrieveModel: {
    summary: 'Returns one model',
    answer: ModelObject,
    errors: [404],
  },
});

/** `/v1/models`: what can be chosen. Ids may hold slashes, as hub names do. */
export function createModelsRoutes({ catalog, defaults }: ApiDependencies): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();

  routes.get('/', described.listModels, (c) => {
    const states = statesFor(c.get('caller'));
    const data = catalog.list().map((card) => modelObject(card, states));
    const known = new Set(data.map(({ id }) => id));
    const pending = [...(states ?? [])].flatMap(([id, state]) =>
      known.has(id) ? [] : [{ id, object: 'model.pending' as const, ...state }],
    );
    const { client_version: codex } = parseQuery(ModelsQuery, c.req);
    const list: ModelList = { ...listOf(data, { hasMore: false }), ...(states && { pending }) };
    return c.json(codex === undefined ? list : { ...list, models: [] });
  });

  routes.get('/:id{.+}', described.retrieveModel, (c) =>
    c.json(modelObject(resolveModel(catalog, c.req.param('id')).card, statesFor(c.get('caller')))),
  );

  return routes;

  /** Why a model failed may name addresses and folders, which are for admins only. */
  function statesFor({ scopes }: Caller): ReadonlyMap<string, ModelState> | undefined {
    const states = catalog.states?.();
    if (states === undefined || scopes.admin) return states;
    return new Map([...states].map(([id, state]) => [id, { ...state, reason: null }]));
  }

  function modelObject(card: ModelCard, states: ReadonlyMap<string, ModelState> | undefined): ModelObject {
    return {
      ...card,
      object: 'model',
      type: 'model',
      display_name: card.id,
      created_at: new Date(card.created * 1000).toISOString(),
      max_input_tokens: card.context_length,
      max_tokens: card.context_length,
      owned_by: 'thinkfirst',
      default_effort: defaults.effort,
      effort_table: catalog.effortTable(card.id),
      ...states?.get(card.id),
    };
  }
}
