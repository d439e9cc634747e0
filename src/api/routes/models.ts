import { Hono } from 'hono';
import type { ModelList, ModelObject } from '../../contracts/listings.ts';
import type { ModelCard } from '../../contracts/model-card.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { resolveModel } from '../resolve-reasoning.ts';

/** `/v1/models`: what can be chosen. Ids may hold slashes, as hub names do. */
export function createModelsRoutes({ catalog, defaults }: ApiDependencies): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();

  routes.get('/', (c) => c.json({ object: 'list', data: catalog.list().map(modelObject) } satisfies ModelList));

  routes.get('/:id{.+}', (c) => c.json(modelObject(resolveModel(catalog, c.req.param('id')).card)));

  return routes;

  function modelObject(card: ModelCard): ModelObject {
    return {
      ...card,
      object: 'model',
      owned_by: 'thinkfirst',
      default_effort: defaults.effort,
      effort_table: catalog.effortTable(card.id),
    };
  }
}
