import type { HonoRequest, MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { ServiceError } from '../../contracts/service/service-error.ts';

/** What a page of an allowed site may read of an answer beside its body. */
const exposed = [
  'x-request-id',
  'request-id',
  'retry-after',
  'x-should-retry',
  'www-authenticate',
  'mcp-session-id',
  ...['limit', 'remaining', 'reset'].flatMap((part) =>
    ['requests', 'tokens'].map((what) => `x-ratelimit-${part}-${what}`),
  ),
];
const day = 86_400;

/**
 * Whether a browser may have sent this for one of its pages. Browsers name the page's origin with every POST, and (since 2023
 * all of them) where the request comes from.
 */
export function mayBeFromPage(request: HonoRequest): boolean {
  return ['origin', 'sec-fetch-site', 'sec-fetch-mode'].some((name) => request.header(name) !== undefined);
}

/** Whether a request wants to become a WebSocket. */
export function asksForSocket(request: HonoRequest): boolean {
  return request.method === 'GET' && request.header('upgrade')?.toLowerCase() === 'websocket';
}

/** CORS for the sites that the operator names (`*` any); without any, no header is sent and browsers keep pages out. */
export function crossOrigin(allowed: readonly string[]): MiddlewareHandler {
  if (allowed.length === 0) return async (_c, next) => next();
  return cors({
    origin: allowed.includes('*') ? '*' : [...allowed],
    allowMethods: ['GET', 'POST', 'DELETE'],
    exposeHeaders: exposed,
    maxAge: day,
  });
}

/**
 * Refuses what a page of another site sends and a browser lets through unasked: a POST of a form, or of nothing, needs no
 * preflight, so without CORS it still acts, if unread. Clients that are no browsers send no Origin.
 * @throws ServiceError `origin_not_allowed`
 */
export function originCheck(allowed: readonly string[]): MiddlewareHandler {
  const origins = new Set(allowed);
  return async function checkOrigin(c, next) {
    const origin = c.req.header('origin');
    // A WebSocket is opened by a GET that no browser asks about first, and carries requests.
    const reads = /^(GET|HEAD|OPTIONS)$/.test(c.req.method) && !asksForSocket(c.req);
    if (origin !== undefined && !reads && !origins.has('*') && !origins.has(origin) && !sameSite(origin, c.req.url)) {
      throw new ServiceError({
        code: 'origin_not_allowed',
        message: 'This origin is not allowed. The operator can allow it with THINKFIRST_CORS_ORIGINS.',
      });
    }
    await next();
  };

  /** By host and port: a proxy may have taken TLS off. */
  function sameSite(origin: string, url: string): boolean {
    return URL.canParse(origin) && new URL(origin).host === new URL(url).host;
  }
}
