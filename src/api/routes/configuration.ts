import { Hono } from 'hono';
import {
  ChangeModels,
  type ModelConfiguration,
  type ModelsChange,
} from '../../contracts/service/model-configuration.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { ApiDependencies, ApiEnvironment, ModelConfigurationStore } from '../dependencies.ts';
import { readJson } from '../read-request.ts';
import { safeParseNaming, validationError } from '../validation-error.ts';

/** `/v1/configuration/models`: which models the next start reads, and one more; for scope `admin`. */
export function createConfigurationRoutes({
  modelConfiguration,
  limits,
  log,
}: Pick<ApiDependencies, 'modelConfiguration' | 'limits' | 'log'>): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();

  routes.use(async function requireAdmin(c, next) {
    if (!c.get('caller').scopes.admin) {
      throw new ServiceError({
        code: 'insufficient_scope',
        message: 'This key may not see or change the configuration; it needs the scope admin.',
      });
    }
    await next();
  });

  routes.get('/models', async (c) => c.json((await kept().read()) satisfies ModelConfiguration));

  routes.post('/models', async (c) => {
    const body = await readJson(c.req, limits);
    const parsed = safeParseNaming(ChangeModels, body);
    if (!parsed.success) throw validationError(parsed.error, body);
    const { model, write } = parsed.data;
    const change = write ? await kept().add(model) : await kept().check(model);
    if (change.written) log.info({ request_id: c.get('requestId'), model: change.checked.id }, 'model configured');
    return c.json(change satisfies ModelsChange);
  });

  return routes;

  function kept(): ModelConfigurationStore {
    if (modelConfiguration !== undefined) return modelConfiguration;
    throw new ServiceError({ code: 'not_found', message: 'This service has no configuration file to change.' });
  }
}
