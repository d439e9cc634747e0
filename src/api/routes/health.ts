import { Hono } from 'hono';
import type { Health, ReadinessReport } from '../../contracts/service/listings.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';

/** `/healthz`: the process lives. `/readyz`: it can answer. */
export function createHealthRoutes({ ready }: ApiDependencies): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();

  routes.get('/healthz', (c) => c.json({ status: 'ok' } satisfies Health));

  routes.get('/readyz', async (c) => {
    const { ready: isReady, parts } = await ready();
    if (isReady) return c.json({ status: 'ready', parts: { ...parts } } satisfies ReadinessReport);
    c.header('retry-after', '2');
    return c.json({ status: 'not_ready', parts: { ...parts } } satisfies ReadinessReport, 503);
  });

  return routes;
}
