import { get } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { parseEnvironment } from '../../src/entry/environment.ts';
import { listenMetrics } from '../../src/entry/http/listen-metrics.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

let close = async () => undefined as unknown;
afterEach(() => close());

async function listening(ready: () => Promise<boolean>, variables: Record<string, string> = {}) {
  const environment = parseEnvironment({ METRICS_PORT: '0', ...variables });
  const server = await listenMetrics(environment, { metrics: createMetrics(), ready });
  if (server === undefined) throw new Error('it does not listen');
  close = server.close;
  return (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${server.port}${path}`, init);
}

/** The status for a Host header, which fetch does not send. */
function statusFor(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { host }, agent: false }, (reply) => {
      reply.resume();
      resolve(reply.statusCode);
    }).on('error', reject);
  });
}

test('serves metrics and health, and nothing else', async () => {
  let ready = false;
  const ask = await listening(async () => ready);
  const metrics = await ask('/metrics');
  expect([metrics.status, metrics.headers.get('content-type')]).toEqual([
    200,
    expect.stringContaining('version=0.0.4'),
  ]);
  expect(await metrics.text()).toContain('nodejs_eventloop_lag_p99_seconds');
  expect((await ask('/healthz')).status).toBe(200);
  const notReady = await ask('/readyz');
  expect([notReady.status, notReady.headers.get('retry-after')]).toEqual([503, '2']);
  ready = true;
  expect((await ask('/readyz')).status).toBe(200);
  expect((await ask('/v1/responses')).status).toBe(404);
  expect((await ask('/metrics', { method: 'POST' })).status).toBe(405);
});

test('does not listen unless it is asked to', async () => {
  const options = { metrics: createMetrics(), ready: async () => true };
  expect(await listenMetrics(parseEnvironment({}), options)).toBeUndefined();
});

test('a port that is taken is told in one line', async () => {
  const ask = await listening(async () => true);
  const { port } = new URL((await ask('/healthz')).url);
  const again = parseEnvironment({ METRICS_PORT: port });
  const options = { metrics: createMetrics(), ready: async () => true };
  await expect(listenMetrics(again, options)).rejects.toThrow(`METRICS_PORT ${port}`);
});

test('what can not tell whether it is ready is not', async () => {
  const ask = await listening(() => Promise.reject(new Error('away')));
  expect((await ask('/readyz')).status).toBe(503);
});

test.each([
  ['on loopback only for a Host that is ours', {}, { 'localhost:9464': 200, '[::1]': 200, 'evil.example.org': 403 }],
  ['for one that the operator allows', { THINKFIRST_ALLOWED_HOSTS: 'a.example.org' }, { 'a.example.org:9464': 200 }],
  ['elsewhere for any', { METRICS_HOST: '0.0.0.0' }, { 'worker:9464': 200 }],
])('answers %s', async (_whom, variables, statuses) => {
  const ask = await listening(async () => true, variables);
  const { url } = await ask('/healthz');
  for (const [host, status] of Object.entries(statuses)) {
    expect([host, await statusFor(url.replace('/healthz', '/metrics'), host)]).toEqual([host, status]);
  }
});
