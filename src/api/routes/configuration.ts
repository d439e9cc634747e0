import { Hono } from 'hono';
import { FoundModelList } from '../../contracts/service/found-models.ts';
import {
  ChangeModels,
  ModelConfiguration,
  ModelsChange,
  RemovedModel,
  withScheme,
} from '../../contracts/service/model-configuration.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { ApiDependencies, ApiEnvironment, ModelConfigurationStore } from '../dependencies.ts';
import { describeRoutes } from '../openapi/describe-routes.ts';
import { readJson } from '../read-request.ts';
import { safeParseNaming, validationError } from '../validation-error.ts';

const described = describeRoutes({
  retrieveModelConfiguration: {
    summary: 'Lists the models that the operator configured, and those that were added',
    scope: 'admin',
    answer: ModelConfiguration,
    errors: [404, 409],
  },
  changeModelConfiguration: {
    summary: 'Checks a new model, and with `write` adds it to the running service',
    scope: 'admin',
    body: ChangeModels,
    answer: ModelsChange,
    errors: [400, 404, 409, 413, 415],
  },
  findModels: {
    summary: 'Finds models on the machine of the service that could be added: servers on loopback, files',
    scope: 'admin',
    answer: FoundModelList,
    errors: [404],
  },
  removeModel: {
    summary: 'Removes an added model: running responses finish, waiting ones fail',
    scope: 'admin',
    answer: RemovedModel,
    errors: [404, 409],
  },
});

/** `/v1/configuration/models`: the models of this service, one more, and one less; for scope `admin`. */
export function createConfigurationRoutes({
  modelConfiguration,
  limits,
  log,
}: Pick<ApiDependencies, 'modelConfiguration' | 'limits' | 'log'>): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();

  routes.get('/models', described.retrieveModelConfiguration, async (c) =>
    c.json((await kept().read()) satisfies ModelConfiguration),
  );

  routes.get('/found-models', described.findModels, async (c) =>
    c.json({ object: 'list', data: await kept().find() } satisfies FoundModelList),
  );

  routes.post('/models', described.changeModelConfiguration, async (c) => {
    const body = await readJson(c.req, limits);
    const parsed = safeParseNaming(ChangeModels, body);
    if (!parsed.success) throw validationError(parsed.error, body);
    const { model, write } = parsed.data;
    if (model.kind === 'upstream' && isOwnAddress(model.url, c.req.url)) {
      throw new ServiceError({
        code: 'invalid_value',
        param: 'model.url',
        message: "Invalid 'model.url': this is the address of this service; give the address of a model server.",
      });
    }
    const change = write ? await kept().add(model) : await kept().check(model);
    if (change.written) log.info({ request_id: c.get('requestId'), model: change.checked.id }, 'model added');
    return c.json(change satisfies ModelsChange);
  });

  routes.delete('/models/:id{.+}', described.removeModel, async (c) => {
    const id = c.req.param('id');
    await kept().remove(id);
    log.info({ request_id: c.get('requestId'), model: id }, 'model removed');
    return c.json({ id, object: 'model', deleted: true } satisfies RemovedModel);
  });

  return routes;

  function kept(): ModelConfigurationStore {
    if (modelConfiguration !== undefined) return modelConfiguration;
    throw new ServiceError({ code: 'not_found', message: 'This service has no models to change.' });
  }
}

/** Whether a model's address is the one that this request came to. */
function isOwnAddress(address: string, own: string): boolean {
  if (!URL.canParse(withScheme(address))) return false;
  const url = new URL(withScheme(address));
  const { host, hostname, port } = new URL(own);
  return url.host === host || (url.port === port && isLoopback(url.hostname) && isLoopback(hostname));
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
