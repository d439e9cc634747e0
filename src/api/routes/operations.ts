import { Hono } from 'hono';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { Caller } from '../caller.ts';
import type { ApiEnvironment, ApiOperations } from '../dependencies.ts';

export const boardPath = '/admin/queues';

/** Its own scripts and pictures, nothing from elsewhere; its styles are written into the page by its scripts. */
const boardPolicy = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What the operator looks at: `/metrics` for Prometheus, the board of queues. Both are for keys with the scope `admin`. */
export function createOperationsRoutes({ metrics, board }: ApiOperations): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();

  if (metrics) {
    routes.get('/metrics', async (c) => {
      if (!c.get('caller').scopes.admin) throw insufficient('Metrics');
      return c.body(await metrics.text(), 200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' });
    });
  }
  if (board) {
    const show = async (raw: Request, caller: Caller) => {
      // It shows the data and the log of every job, whosever it is: prompts, thoughts and answers.
      if (!caller.scopes.admin || caller.scopes.trace !== 'full') throw insufficient('The queue dashboard');
      return (await board()).fetch(raw);
    };
    routes.get(`${boardPath}/*`, async (c) => {
      const { body, status, headers } = await show(c.req.raw, c.get('caller'));
      const held = new Headers(headers);
      held.set('content-security-policy', boardPolicy);
      if (!c.req.path.startsWith(`${boardPath}/static/`)) held.set('cache-control', 'no-store');
      return new Response(body, { status, headers: held });
    });
    // Links without the last slash are relative to /admin.
    routes.get(boardPath, (c) => c.redirect(`${boardPath}/`));
  }
  return routes;
}

function insufficient(what: string): ServiceError {
  const needed = what === 'Metrics' ? "the scope 'admin'" : "the scopes 'admin' and 'trace:full'";
  return new ServiceError({
    code: 'insufficient_scope',
    message: `${what} requires a key with ${needed}.`,
  });
}
