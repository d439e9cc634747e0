import { afterEach, expect, test } from 'vitest';
import { parseEnvironment } from '../../src/entry/environment.ts';
import { listenMetrics } from '../../src/entry/listen-metrics.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

let close = async () => undefined as unknown;
afterEach(() => close());

async function listening(ready: () => boolean) {
  const server = await listenMetrics(parseEnvironment({ METRICS_PORT: '0' }), { metrics: createMetrics(), ready });
  if (server === undefined) throw new Error('it does not listen');
  close = server.close;
  return (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${server.port}${path}`, init);
}

test('serves metrics and health, and nothing else', async () => {
  let ready = false;
  const ask = await listening(() => ready);
  const metrics = await ask('/metrics');
  expect([metrics.status, metrics.headers.get('content-type')]).toEqual([
    200,
    expect.stringContaining('version=0.0.4'),
  ]);
  expect(await metrics.text()).toContain('nodejs_eventloop_lag_p99_seconds');
  expect((await ask('/healthz')).status).toBe(200);
  expect((await ask('/readyz')).status).toBe(503);
  ready = true;
  expect((await ask('/readyz')).status).toBe(200);
  expect((await ask('/v1/responses')).status).toBe(404);
  expect((await ask('/metrics', { method: 'POST' })).status).toBe(405);
});

test('does not listen unless it is asked to', async () => {
  const options = { metrics: createMetrics(), ready: () => true };
  expect(await listenMetrics(parseEnvironment({}), options)).toBeUndefined();
});

test('a port that is taken is told in one line', async () => {
  const ask = await listening(() => true);
  const { port } = new URL((await ask('/healthz')).url);
  const again = parseEnvironment({ METRICS_PORT: port });
  const options = { metrics: createMetrics(), ready: () => true };
  await expect(listenMetrics(again, options)).rejects.toThrow(`METRICS_PORT ${port}`);
});
