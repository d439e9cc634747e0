import { Hono } from 'hono';
import { ApiKey, ApiKeyList, CreatedApiKey, NewApiKey } from '../../contracts/service/api-key.ts';
import { scopeBeyond, scopesOf } from '../../contracts/service/key-scopes.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { KeyStore } from '../../store/key-store.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { describeRoutes } from '../openapi/describe-routes.ts';
import { readJson } from '../read-request.ts';
import { parseBody } from '../validation-error.ts';

const described = describeRoutes({
  createKey: {
    summary: 'Creates a key; its secret is shown only once',
    scope: 'admin',
    body: NewApiKey,
    answer: CreatedApiKey,
    errors: [400, 413, 415],
  },
  confirmKey: {
    summary:
      'Activates a key that was created with `confirm: true`; the first one closes the service to callers without a key',
    scope: 'admin',
    answer: ApiKey,
    errors: [404],
  },
  listKeys: {
    summary: 'Lists all keys, newest first, without their secrets',
    scope: 'admin',
    answer: ApiKeyList,
    errors: [],
  },
  revokeKey: {
    summary: 'Revokes a key',
    scope: 'admin',
    answer: ApiKey,
    errors: [404],
  },
});

/** `/v1/keys`: make, confirm, list and revoke keys, for keys with the scope `admin`. */
export function createKeysRoutes(
  { limits, log }: Pick<ApiDependencies, 'limits' | 'log'>,
  keys: KeyStore,
): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();

  routes.post('/', described.createKey, async (c) => {
    const caller = c.get('caller');
    const asked = parseBody(NewApiKey, await readJson(c.req, limits));
    // Otherwise a key that may see no thoughts could create one that may.
    const beyond = scopeBeyond(scopesOf(asked.scopes), caller.scopes);
    if (beyond !== undefined) throw missingScope(beyond);
    const created = await keys.create(asked);
    log.info({ request_id: c.get('requestId'), key_id: created.id }, 'key created');
    c.header('cache-control', 'no-store');
    return c.json(created satisfies CreatedApiKey);
  });

  routes.get('/', described.listKeys, async (c) => {
    return c.json({ object: 'list', data: await keys.list() } satisfies ApiKeyList);
  });

  routes.post('/:id/confirm', described.confirmKey, async (c) => {
    const confirmed = await keys.confirm(c.req.param('id'));
    if (confirmed === undefined) throw unknownKey();
    log.info({ request_id: c.get('requestId'), key_id: confirmed.id }, 'key confirmed');
    return c.json(confirmed satisfies ApiKey);
  });

  routes.delete('/:id', described.revokeKey, async (c) => {
    const revoked = await keys.revoke(c.req.param('id'));
    if (revoked === undefined) throw unknownKey();
    log.info({ request_id: c.get('requestId'), key_id: revoked.id }, 'key revoked');
    return c.json(revoked satisfies ApiKey);
  });

  return routes;
}

function unknownKey(): ServiceError {
  return new ServiceError({ code: 'not_found', message: 'This key does not exist.', param: 'id' });
}

function missingScope(scope: string): ServiceError {
  return new ServiceError({ code: 'insufficient_scope', message: `This key lacks the scope '${scope}'.` });
}
