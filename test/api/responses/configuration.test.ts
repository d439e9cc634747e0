import { Hono } from 'hono';
import { expect, test } from 'vitest';
import type { ApiEnvironment } from '../../../src/api/dependencies.ts';
import { createOnError } from '../../../src/api/errors.ts';
import { createConfigurationRoutes } from '../../../src/api/routes/configuration.ts';
import { allScopes } from '../../../src/contracts/service/key-scopes.ts';
import { createModelConfiguration } from '../../../src/entry/models/model-configuration.ts';
import { createApi } from './fixture.ts';

const modelConfiguration = createModelConfiguration({ folder: '/nonexistent', variables: {} });
const path = '/v1/configuration/models';

test('a check says what would be written, and a mistake names its field', async () => {
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
  expect((await app.request(path)).status).toBe(403);
  expect((await app.request(path, { method: 'POST', body: '{}' })).status).toBe(403);
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
