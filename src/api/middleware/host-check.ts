import type { MiddlewareHandler } from 'hono';
import { ServiceError } from '../../contracts/service-error.ts';

const loopback = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Refuses a Host header that names none of our hosts: a page of another site whose name was rebound to this address
 * (DNS rebinding) sends that site's name. `*` among `allowed` takes any.
 */
export function hostCheck(allowed: readonly string[]): MiddlewareHandler {
  const names = new Set([...loopback, ...allowed.map((name) => name.toLowerCase())]);
  return async function checkHost(c, next) {
    const host = c.req.header('host') ?? new URL(c.req.url).host;
    const name = host.replace(/:\d+$/, '').toLowerCase();
    if (!names.has('*') && !names.has(name)) {
      throw new ServiceError({
        code: 'host_not_allowed',
        message: 'The Host header names no host of this service. Allow it with THINKFIRST_ALLOWED_HOSTS.',
      });
    }
    await next();
  };
}
