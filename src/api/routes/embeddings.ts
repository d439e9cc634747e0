import { type Context, Hono } from 'hono';
import { CreateEmbeddings, Embeddings } from '../../contracts/protocols/embedding.ts';
import type { ModelCatalog } from '../../contracts/service/model-card.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { describeRoutes } from '../openapi/describe-routes.ts';
import { readJson } from '../read-request.ts';
import { type Admission, createAdmission } from '../responses/admission.ts';
import { resolveModel } from '../responses/resolve-reasoning.ts';
import { parseBody } from '../validation-error.ts';

const described = describeRoutes({
  createEmbeddings: {
    summary:
      'Returns embeddings from the model’s server; 404 for a model that makes none. Their tokens count towards the key’s tokens per day',
    body: CreateEmbeddings,
    answer: Embeddings,
    errors: [400, 404, 413, 415, 429],
  },
});

/** `/v1/embeddings`: passed to the model's server, where it has such a route. */
export function createEmbeddingsRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const parts = { ...dependencies, admission: createAdmission(dependencies) };
  const routes = new Hono<ApiEnvironment>();
  routes.post('/', described.createEmbeddings, async (c) => {
    const request = parseBody(CreateEmbeddings, await readJson(c.req, dependencies.limits));
    return c.json((await embeddingsOf(c, request, parts)) satisfies Embeddings);
  });
  return routes;
}

/**
 * @throws ServiceError `not_found` for a model without, `model_unavailable` where its server answers in another form, `quota_exceeded`
 */
export function embeddingsOf(
  c: Context<ApiEnvironment>,
  request: CreateEmbeddings,
  { catalog, admission }: { catalog: ModelCatalog; admission: Admission },
): Promise<Embeddings> {
  const { signal } = c.req.raw;
  return admission.metered(
    c,
    () => embed(catalog, request, { signal }),
    ({ usage }) => usage.total_tokens,
  );
}

async function embed(
  catalog: ModelCatalog,
  request: CreateEmbeddings,
  { signal }: { signal: AbortSignal },
): Promise<Embeddings> {
  const { card } = resolveModel(catalog, request.model);
  const { model: _model, ...asked } = request;
  const answer = await catalog.embed?.(card.id, asked, { signal });
  if (answer === undefined) {
    const message = `'${card.id}' does not support embeddings. Use a model on a server with /v1/embeddings.`;
    throw new ServiceError({ code: 'not_found', message, param: 'model' });
  }
  const parsed = Embeddings.safeParse({ object: 'list', ...answer, model: card.id });
  if (parsed.success) return parsed.data;
  throw new ServiceError({
    code: 'model_unavailable',
    message: `The server of '${card.id}' returned embeddings in an unknown format.`,
    cause: parsed.error,
  });
}
