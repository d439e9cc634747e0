import { describe, expect, test } from 'vitest';
import { ApiKey, ApiKeyList, CreatedApiKey } from '../../../src/contracts/service/api-key.ts';
import { ErrorEnvelope } from '../../../src/contracts/service/error-envelope.ts';
import { createKeyedApi } from './keyed-api.ts';

const codeOf = async (response: Response) => ErrorEnvelope.parse(await response.json()).error.code;

describe('without keys', () => {
  test('everybody may ask, whatever is sent as a key', async () => {
    const { as } = await createKeyedApi();
    expect((await as('unused', '/v1/responses', { input: 'a', background: true })).status).toBe(200);
    expect((await as('unused', '/v1/keys')).status).toBe(200);
  });

  test('from elsewhere nobody makes the first key', async () => {
    const { as } = await createKeyedApi({
      overrides: { anonymous: { trace: 'full', feedback: true, admin: false, tools: false } },
    });
    const refused = await as('unused', '/v1/keys', { name: 'mine' });
    expect(refused.status).toBe(403);
    expect(await codeOf(refused)).toBe('insufficient_scope');
  });
});

describe('once there is a key', () => {
  test('a request without one gets 401, in the form of its API', async () => {
    const { app, create } = await createKeyedApi();
    await create();
    const refused = await app.request('/v1/responses');
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="thinkfirst"');
    expect(refused.headers.get('x-request-id')).toBeTruthy();
    expect(await codeOf(refused)).toBe('invalid_api_key');
    const anthropic = await app.request('/v1/messages', { method: 'POST' });
    expect(await anthropic.json()).toMatchObject({ type: 'error', error: { type: 'authentication_error' } });
    const ollama = await app.request('/api/tags');
    expect(ollama.status).toBe(401);
    expect(await ollama.json()).toEqual({ error: expect.stringContaining('key') });
  });

  test('an unknown and a revoked one get 401 that says so', async () => {
    const { as, create, keys } = await createKeyedApi();
    const { id, secret } = await create();
    await keys.revoke(id);
    for (const sent of [secret, 'tf_nothing', 'sk-1234']) {
      const refused = await as(sent, '/v1/responses');
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"');
    }
  });

  test.each([
    ['authorization', (secret: string) => `Bearer ${secret}`],
    ['authorization', (secret: string) => `bearer ${secret}`],
    ['x-api-key', (secret: string) => secret],
  ])('it is taken from %s', async (header, value) => {
    const { app, create } = await createKeyedApi();
    const { secret } = await create();
    expect((await app.request('/v1/responses', { headers: { [header]: value(secret) } })).status).toBe(200);
  });

  test('liveness, readiness and the description need none', async () => {
    const { app, create } = await createKeyedApi();
    await create();
    for (const path of ['/healthz', '/readyz', '/openapi.json', '/docs']) {
      expect((await app.request(path)).status).toBe(200);
    }
    for (const path of ['/v1/models', '/healthz/', '/console/../v1/models', '//v1/models']) {
      expect((await app.request(path)).status).not.toBe(200);
    }
  });
});

describe('/v1/keys', () => {
  test('makes, lists and revokes; the secret is shown once and works', async () => {
    const { as, create } = await createKeyedApi();
    const admin = await create({ scopes: ['admin', 'trace:full'] });
    const made = await as(admin.secret, '/v1/keys', { name: 'second', scopes: ['trace:summary'], tokens_per_day: 50 });
    expect(made.status).toBe(200);
    expect(made.headers.get('cache-control')).toBe('no-store');
    const second = CreatedApiKey.parse(await made.json());
    expect(second).toMatchObject({ name: 'second', scopes: ['trace:summary'], tokens_per_day: 50, revoked_at: null });
    expect((await as(second.secret, '/v1/responses')).status).toBe(200);
    const listed = await as(admin.secret, '/v1/keys');
    const text = await listed.text();
    expect(
      ApiKeyList.parse(JSON.parse(text))
        .data.map(({ id }) => id)
        .sort(),
    ).toEqual([admin.id, second.id].sort());
    expect(text).not.toMatch(/hash|"secret"/);
    const revoked = await as(admin.secret, `/v1/keys/${second.id}`, undefined, { method: 'DELETE' });
    expect(ApiKey.parse(await revoked.json()).revoked_at).not.toBeNull();
    expect((await as(second.secret, '/v1/responses')).status).toBe(401);
    expect((await as(admin.secret, '/v1/keys/key_0', undefined, { method: 'DELETE' })).status).toBe(404);
  });

  test('made to be confirmed, a first key closes the service when it is', async () => {
    const { app, as } = await createKeyedApi();
    const wanted = { name: 'owner', scopes: ['admin', 'trace:full'], confirm: true };
    const { id, secret } = CreatedApiKey.parse(await (await as('none', '/v1/keys', wanted)).json());
    expect((await app.request('/v1/responses')).status).toBe(200);
    const confirmed = await app.request(`/v1/keys/${id}/confirm`, { method: 'POST' });
    expect(ApiKey.parse(await confirmed.json())).not.toHaveProperty('unconfirmed');
    expect((await app.request('/v1/responses')).status).toBe(401);
    expect((await as(secret, '/v1/keys')).status).toBe(200);
    expect((await as(secret, '/v1/keys/key_0/confirm', undefined, { method: 'POST' })).status).toBe(404);
  });

  test('is for admins', async () => {
    const { as, create } = await createKeyedApi();
    const { secret, id } = await create({ scopes: ['trace:full', 'feedback'] });
    for (const refused of [
      await as(secret, '/v1/keys'),
      await as(secret, '/v1/keys', { name: 'a' }),
      await as(secret, `/v1/keys/${id}`, undefined, { method: 'DELETE' }),
      await as(secret, `/v1/keys/${id}/confirm`, undefined, { method: 'POST' }),
    ]) {
      expect(refused.status).toBe(403);
      expect(await codeOf(refused)).toBe('insufficient_scope');
    }
  });

  test('gives no scope that the maker lacks', async () => {
    const { as, create } = await createKeyedApi();
    const { secret } = await create({ scopes: ['admin'] });
    for (const scope of ['trace:full', 'trace:summary', 'feedback']) {
      const refused = await as(secret, '/v1/keys', { name: 'a', scopes: [scope] });
      expect(refused.status).toBe(403);
      expect(await refused.text()).toContain(scope);
    }
    expect((await as(secret, '/v1/keys', { name: 'a', scopes: ['admin'] })).status).toBe(200);
  });

  test.each([
    [{}, 'name'],
    [{ name: '' }, 'name'],
    [{ name: 'a', scopes: ['root'] }, 'scopes[0]'],
    [{ name: 'a', tokens_per_day: -1 }, 'tokens_per_day'],
    [{ name: 'a', requests_per_minute: 'ten' }, 'requests_per_minute'],
  ])('%j is refused, naming the field', async (body, param) => {
    const { as } = await createKeyedApi();
    const refused = await as('none', '/v1/keys', body);
    expect(refused.status).toBe(400);
    expect(ErrorEnvelope.parse(await refused.json()).error.param).toBe(param);
  });
});

describe('pages of other sites', () => {
  const preflight = {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example.org', 'access-control-request-method': 'POST' },
  };

  test('get no CORS header by default, and may not send', async () => {
    const { app } = await createKeyedApi();
    expect((await app.request('/v1/responses', preflight)).headers.get('access-control-allow-origin')).toBeNull();
    for (const origin of ['https://app.example.org', 'null', 'http://localhost:3000']) {
      const sent = await app.request('/v1/responses/resp_1/cancel', { method: 'POST', headers: { origin } });
      expect(sent.status).toBe(403);
      expect(await codeOf(sent)).toBe('origin_not_allowed');
    }
  });

  test('the service’s own page may', async () => {
    const { app } = await createKeyedApi();
    const headers = { origin: 'http://localhost' };
    expect((await app.request('/v1/responses/resp_1/cancel', { method: 'POST', headers })).status).toBe(404);
  });

  test('one that the operator names may, without a key for its preflight', async () => {
    const { app, as, create } = await createKeyedApi({ overrides: { allowedOrigins: ['https://app.example.org'] } });
    const { secret } = await create();
    const asked = await app.request('/v1/responses', preflight);
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe('https://app.example.org');
    const init = { headers: { origin: 'https://app.example.org' } };
    const sent = await as(secret, '/v1/responses', { input: 'a', background: true }, init);
    expect(sent.status).toBe(200);
    expect(sent.headers.get('access-control-allow-origin')).toBe('https://app.example.org');
    expect(sent.headers.get('access-control-expose-headers')).toContain('retry-after');
    const refused = await app.request('/v1/responses', { ...init, method: 'POST' });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://app.example.org');
    const other = { headers: { origin: 'https://other.example.org' } };
    expect((await as(secret, '/v1/responses', { input: 'a' }, other)).status).toBe(403);
  });
});

test.each(['Basic A', 'Basic ====', 'Basic AAAAA', 'Basic YTpi', 'Basic', 'Digest a=b'])(
  'a password for the board that is none (%s) is 401, never a fault',
  async (authorization) => {
    const { app, create, logged } = await createKeyedApi();
    await create();
    expect((await app.request('/admin/queues', { headers: { authorization } })).status).toBe(401);
    expect(logged).toEqual([]);
  },
);
