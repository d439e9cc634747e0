import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import type { ApiEnvironment } from '../../../src/api/dependencies.ts';
import { createOnError } from '../../../src/api/errors.ts';
import { createConfigurationRoutes } from '../../../src/api/routes/configuration.ts';
import { createModelsRoutes } from '../../../src/api/routes/models.ts';
import { allScopes } from '../../../src/contracts/service/key-scopes.ts';
import { createLiveConfiguration } from '../../../src/entry/models/live-configuration.ts';
import { createModelConfiguration } from '../../../src/entry/models/model-configuration.ts';
import { createAddedModels } from '../../../src/store/added-models.ts';
import { createMemoryRecords } from '../../support/memory-records.ts';
import { createApi } from './fixture.ts';

const added = createAddedModels({
  records: createMemoryRecords(),
  now: Date.now,
  newRevision: randomUUID,
});
const keyed = { kind: 'upstream', url: 'http://127.0.0.1:9/v1', apiKey: 'k', apiKeyVariable: 'FAR_API_KEY' } as const;
const modelConfiguration = createLiveConfiguration({
  file: createModelConfiguration({ folder: '/nonexistent', variables: {} }),
  keyed: [keyed],
  added,
  served: {
    sync: () => added.list(),
    states: () => new Map([['mine', { source: 'embedded', status: 'ready', reason: null, percent: null }]]),
  },
  queue: { endWaiting: async () => 0, queues: { directory: { retract: async () => {}, tellModels: async () => {} } } },
  ownProbe: 'own',
  now: Date.now,
});
const path = '/v1/configuration/models';

test('a check says what would be added, and a mistake names its field', async () => {
  const { app, post } = createApi({ modelConfiguration });
  expect(await (await app.request(path)).json()).toMatchObject({ source: 'embedded', file: 'thinkfirst.config.json' });
  const checked = await post(path, { model: { kind: 'hub', hub: 'org/name' } });
  expect(await checked.json()).toMatchObject({ written: false, entry: { hub: 'org/name' }, checked: { id: 'name' } });
  const wrong: Array<[unknown, string]> = [
    [{ model: { kind: 'hub', hub: 'no name' } }, 'model.hub'],
    [{ model: { kind: 'hub' } }, 'model.hub'],
    [{ model: { kind: 'ftp' } }, 'model.kind'],
    [{ model: { kind: 'hub', hub: 'a/b', family: 'unheard-of' } }, 'model.family'],
    [
      {
        model: {
          kind: 'upstream',
          id: 'x',
          url: 'http://x',
          model: 'm',
          family: 'plain',
          apiKeyVariable: 'THINKFIRST_SECRET',
        },
      },
      'model.apiKeyVariable',
    ],
    // The key is for another port, and so for another server.
    [
      { model: { kind: 'upstream', url: 'http://127.0.0.1:10/v1', apiKeyVariable: 'FAR_API_KEY' } },
      'model.apiKeyVariable',
    ],
    [
      { model: { kind: 'upstream', url: 'https://127.0.0.1:9/v1', apiKeyVariable: 'FAR_API_KEY' } },
      'model.apiKeyVariable',
    ],
    [{ model: { kind: 'upstream', url: keyed.url, apiKeyVariable: 'OTHER_API_KEY' } }, 'model.apiKeyVariable'],
    [{ model: { kind: 'upstream', url: keyed.url } }, 'model.url'],
    [{ model: { kind: 'upstream', url: 'http://169.254.169.254/v1', model: 'x' } }, 'model.url'],
    [{ model: { kind: 'upstream', url: 'http://[fd00:ec2::254]', model: 'x' } }, 'model.url'],
    [{ model: { kind: 'upstream', url: 'http://2852039166', model: 'x' } }, 'model.url'],
    [{ model: { kind: 'hub', hub: 'a/b', id: 'mine' } }, 'model.id'],
  ];
  for (const [body, param] of wrong) {
    const refused = await post(path, body);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { param } });
  }
});

test('only a key with scope admin may see or change it', async () => {
  const { dependencies } = createApi({ modelConfiguration });
  const app = new Hono<ApiEnvironment>();
  app.onError(createOnError(dependencies.log));
  app.use(async function identify(c, next) {
    c.set('caller', { owner: 'key_1', scopes: { ...allScopes, admin: false } });
    await next();
  });
  app.route('/v1/configuration', createConfigurationRoutes(dependencies));
  const routes = app.routes.filter(({ method }) => method !== 'ALL');
  expect(routes.length).toBeGreaterThan(3);
  for (const { method, path: route } of routes) {
    const asked = await app.request(route.replace(/:id.*/, 'mine'), { method });
    expect(asked.status, `${method} ${route}`).toBe(403);
  }
});

test.each(['http://localhost/v1', 'localhost', '127.0.0.1:80'])('%s is this service itself', async (url) => {
  const { app } = createApi({ modelConfiguration });
  const response = await app.request(`http://localhost${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: { kind: 'upstream', url, model: 'x' } }),
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    error: { param: 'model.url', message: expect.stringMatching(/this is the address of this service/) },
  });
});

test('a server that answers as this service does is this service, whatever its name', async () => {
  const { app } = createApi({ modelConfiguration, ownProbe: 'own' });
  const server = createServer(async (request, response) => {
    const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]);
    const answer = await app.request(request.url ?? '/', { headers });
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const address = server.address();
    const url = `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const model = { kind: 'upstream', url, model: 'mine' };
    const refused = await createApi({ modelConfiguration }).post(path, { model });
    expect(await refused.json()).toMatchObject({
      error: { param: 'model.url', message: expect.stringMatching(/this is the address of this service/) },
    });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test('a model is added once, by one of two admins at once, and removed once; the operator’s stay', async () => {
  const { app, post } = createApi({ modelConfiguration });
  const adding = () => post(path, { model: { kind: 'hub', hub: 'org/added' }, write: true });
  const statuses = (await Promise.all([adding(), adding()])).map(({ status }) => status);
  expect(statuses.toSorted()).toEqual([200, 400]);
  expect(await (await app.request(path)).json()).toMatchObject({
    added: [{ id: 'added', entry: { hub: 'org/added' }, status: 'loading' }],
  });
  const removing = async (id: string) => (await app.request(`${path}/${id}`, { method: 'DELETE' })).status;
  expect((await Promise.all([removing('added'), removing('added')])).toSorted()).toEqual([200, 404]);
  expect(await removing('mine')).toBe(409);
  expect(await (await app.request(path)).json()).toMatchObject({ added: [] });
});

test('why a model failed is for admins, and a request for it says that it could not be loaded', async () => {
  const { dependencies } = createApi();
  const failed = { source: 'added', status: 'failed', reason: 'nothing at 10.0.0.1', percent: null } as const;
  const states = () => new Map([['gone', failed]]);
  const { app, post } = createApi({ catalog: { ...dependencies.catalog, states } });
  const listed = async (admin: boolean) => {
    const routes = new Hono<ApiEnvironment>();
    routes.use(async function identify(c, next) {
      c.set('caller', { owner: 'key_1', scopes: { ...allScopes, admin } });
      await next();
    });
    routes.route('/', createModelsRoutes({ ...dependencies, catalog: { ...dependencies.catalog, states } }));
    return (await routes.request('/')).json();
  };
  const pending = { id: 'gone', object: 'model.pending', ...failed };
  expect(await listed(true)).toMatchObject({ pending: [pending] });
  expect(await listed(false)).toMatchObject({ pending: [{ ...pending, reason: null }] });
  expect(await (await app.request('/v1/models')).json()).toMatchObject({ pending: [pending] });
  const refused = await post('/v1/responses', { model: 'gone', input: 'hello' });
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({
    error: { code: 'model_unavailable', message: "The model 'gone' could not be loaded.", param: 'model' },
  });
});

test('a caller is told what it may see and do', async () => {
  expect(await (await createApi().app.request('/v1/caller')).json()).toEqual({
    object: 'caller',
    key_id: null,
    scopes: allScopes,
    limits: { body_bytes: 1_048_576 },
  });
});

test('a service without such a file has no such route', async () => {
  expect((await createApi().app.request(path)).status).toBe(404);
});
