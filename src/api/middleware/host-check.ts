import type { MiddlewareHandler } from 'hono';
import { ServiceError } from '../../contracts/service/service-error.ts';

/** In a request to a server that an admin names, and in this service's answer to it: the address is its own. */
export const ownProbeHeader = 'x-thinkfirst-probe';

/** Answers a request that this service sent to itself, whatever name it came by. `token`: what it recognises its own by. */
export function answerOwnProbe(token: string): MiddlewareHandler {
  return async function answerProbe(c, next) {
    if (c.req.header(ownProbeHeader) !== token) return next();
    return c.body(null, 204, { [ownProbeHeader]: token });
  };
}

const loopback = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Refuses a Host header that names none of our hosts: a page of another site whose name was rebound to this address
 * (DNS rebinding) sends that site's name. `*` among `allowed` takes any.
 */
export function hostCheck(allowed: readonly string[]): MiddlewareHandler {
  const isOurs = ourHosts(allowed);
  return async function checkHost(c, next) {
    if (!isOurs(c.req.header('host') ?? new URL(c.req.url).host)) {
      throw new ServiceError({
        code: 'host_not_allowed',
        message: 'This Host header is not allowed. The operator can allow it with THINKFIRST_ALLOWED_HOSTS.',
      });
    }
    await next();
  };
}

/** Whether a Host header names this machine's loopback, or one of `allowed`. */
export function ourHosts(allowed: readonly string[]): (host: string) => boolean {
  const names = new Set([...loopback, ...allowed.map((name) => name.toLowerCase())]);
  return (host) => names.has('*') || names.has(host.replace(/:\d+$/, '').toLowerCase());
}
