import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { Metrics } from './metrics.ts';
import type { OpenSpan, Tracing } from './tracing.ts';

/**
 * Counts requests by the pattern of their route, never by their path, and records each as a span whose trace continues
 * in the job. Times end with the head of the response; the body of a stream takes longer.
 */
export function observeHttp({
  metrics,
  tracing,
}: {
  metrics: Metrics;
  tracing: Tracing | undefined;
}): MiddlewareHandler {
  return async function observeRequest(c, next) {
    const startedAt = performance.now();
    const { method } = c.req;
    const run = async (span?: OpenSpan) => {
      await next();
      const route = patternOf(c);
      const { status } = c.res;
      metrics.httpAnswered({ method, route, status, seconds: (performance.now() - startedAt) / 1000 });
      if (span === undefined) return;
      span.rename(`${method} ${route}`);
      span.add({
        'http.route': route,
        'http.response.status_code': status,
        'thinkfirst.request.id': c.get('requestId'),
      });
      if (status >= 500) span.fail(String(status));
    };
    if (tracing === undefined || quietRoutes.has(c.req.path)) return run();
    const carrier = traceHeaders(c.req.raw.headers);
    const attributes = { 'http.request.method': method };
    return tracing.within({ name: method, kind: 'server', attributes, carrier }, run);
  };
}

/** Machines request these every few seconds. */
const quietRoutes = new Set(['/healthz', '/readyz', '/metrics']);

function traceHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    ['traceparent', 'tracestate'].flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
}

/** The pattern of the handler that answered; requests without a handler share one name. */
function patternOf(c: Parameters<MiddlewareHandler>[0]): string {
  const route = routePath(c, -1);
  return c.res.status === 404 && (route === '*' || route === '/*') ? 'none' : route;
}
