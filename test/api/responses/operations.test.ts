import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { createApi } from './fixture.ts';
import { createKeyedApi } from './keyed-api.ts';

const board = new Hono().get('/admin/queues/*', (c) => c.html('<p>jobs of everyone</p>'));
const operations = { metrics: createMetrics(), board: async () => board };
const basic = (secret: string) => ({ authorization: `Basic ${btoa(`anyone:${secret}`)}` });

describe('/metrics and the board of queues', () => {
  test('are open where no key was ever made and the caller may do all', async () => {
    const { app } = createApi({ operations });
    const metrics = await app.request('/metrics');
    expect(metrics.status).toBe(200);
    expect(metrics.headers.get('content-type')).toContain('version=0.0.4');
    expect(await metrics.text()).toContain('thinkfirst_responses_total');
    expect((await app.request('/admin/queues/')).status).toBe(200);
  });

  test('are not there where the entry gives none', async () => {
    const { app } = createApi();
    expect((await app.request('/metrics')).status).toBe(404);
    expect((await app.request('/admin/queues/')).status).toBe(404);
  });

  test('want a key with their scopes once there are keys', async () => {
    const { app, as, create } = await createKeyedApi({ overrides: { operations } });
    const admin = await create({ scopes: ['admin'] });
    const full = await create({ scopes: ['admin', 'trace:full'] });
    const reader = await create({ scopes: ['trace:full'] });
    expect((await app.request('/metrics')).status).toBe(401);
    expect((await app.request('/admin/queues/')).status).toBe(401);
    expect((await as(reader.secret, '/metrics')).status).toBe(403);
    expect((await as(reader.secret, '/admin/queues/')).status).toBe(403);
    expect((await as(admin.secret, '/metrics')).status).toBe(200);
    // It shows thoughts.
    expect((await as(admin.secret, '/admin/queues/')).status).toBe(403);
    expect((await as(full.secret, '/admin/queues/')).status).toBe(200);
  });

  test('a browser gives its key as a password, to the board alone', async () => {
    const { app, create } = await createKeyedApi({ overrides: { operations } });
    const { secret } = await create({ scopes: ['admin', 'trace:full'] });
    const asked = await app.request('/admin/queues/');
    expect(asked.headers.get('www-authenticate')).toMatch(/^Basic /);
    expect((await app.request('/admin/queues/', { headers: basic(secret) })).status).toBe(200);
    expect((await app.request('/admin/queues/', { headers: basic(`${secret}x`) })).status).toBe(401);
    expect((await app.request('/v1/models', { headers: basic(secret) })).status).toBe(401);
  });

  test('the board loads nothing from elsewhere, is in no frame and in no cache', async () => {
    const { app } = createApi({ operations });
    const { headers } = await app.request('/admin/queues/');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/script-src[^;]*unsafe|https?:/);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test('nothing can be changed through the board', async () => {
    const { app } = createApi({ operations });
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect((await app.request('/admin/queues/api/queues/pause', { method })).status).toBeGreaterThanOrEqual(404);
    }
  });
});
