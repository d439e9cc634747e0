import type { Hono, NotFoundHandler } from 'hono';
import { ServiceError } from '../contracts/service/service-error.ts';
import type { ApiEnvironment } from './dependencies.ts';
import { envelopeOfPath } from './envelope-of-path.ts';

/** 404 for a path that is not there; 405 with `Allow` for one that is, under other methods (RFC 9110, 15.5.6). */
export function createOnNotFound(app: Pick<Hono<ApiEnvironment>, 'routes'>): NotFoundHandler<ApiEnvironment> {
  let known: Array<{ method: string; matches: RegExp }> | undefined;
  return (c) => {
    // The routes are added after this handler is.
    known ??= app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => ({ method, matches: pattern(path) }));
    const methods = new Set(known.filter(({ matches }) => matches.test(c.req.path)).map(({ method }) => method));
    if (methods.has('GET')) methods.add('HEAD');
    if (methods.size === 0) {
      const message = `${c.req.method} is not allowed on this path.`;
      return c.json(envelopeOfPath(new ServiceError({ code: 'not_found', message }), c.get('requestId'), c.req), 404);
    }
    const allowed = [...methods].sort().join(', ');
    c.header('allow', allowed);
    const message = `${c.req.method} is not allowed on this path. Allowed: ${allowed}.`;
    const fault = new ServiceError({ code: 'method_not_allowed', message });
    return c.json(envelopeOfPath(fault, c.get('requestId'), c.req), 405);
  };
}

/** A route's path as a regular expression: `:id`, or `:id{…}` with an expression of its own. */
function pattern(path: string): RegExp {
  return new RegExp(`^${path.replace(/:\w+(?:\{([^}]*)\})?/g, (_name, own: string | undefined) => own ?? '[^/]+')}$`);
}
