import { Hono } from 'hono';
import { Health, ReadinessReport } from '../../contracts/service/listings.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { describeRoutes } from '../openapi/describe-routes.ts';

const described = describeRoutes({
  health: {
    summary: 'Whether the process is running',
    answer: Health,
    errors: [],
  },
  readiness: {
    summary: 'Whether the models are loaded and the backend is up',
    answer: ReadinessReport,
    errors: [],
    others: { 503: { description: 'Not ready yet', schema: ReadinessReport } },
  },
});

/** `/healthz`: the process lives. `/readyz`: it can answer. */
export function createHealthRoutes({ ready }: ApiDependencies): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();

  routes.get('/healthz', described.health, (c) => c.json({ status: 'ok' } satisfies Health));

  routes.get('/readyz', described.readiness, async (c) => {
    const { ready: isReady, parts } = await ready();
    if (isReady) return c.json({ status: 'ready', parts: { ...parts } } satisfies ReadinessReport);
    c.header('retry-after', '2');
    return c.json({ status: 'not_ready', parts: { ...parts } } satisfies ReadinessReport, 503);
  });

  return routes;
}
