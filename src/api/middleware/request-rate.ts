import type { MiddlewareHandler } from 'hono';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { RequestLimiter } from '../../store/request-limiter.ts';
import type { ApiEnvironment } from '../dependencies.ts';
import { showLimit } from './rate-limit-headers.ts';

/** What a client must always be able to say: stop, and answer now. */
const free = /\/(?:cancel|answer_now)$/;

/**
 * Counts what a key asks for: every POST but those that end something. Polls and lists are not counted.
 * @throws ServiceError `rate_limit_exceeded` with `Retry-After`
 */
export function requestRate(limiter: RequestLimiter): MiddlewareHandler<ApiEnvironment> {
  return async function countRequest(c, next) {
    const { owner, limits } = c.get('caller');
    const limit = limits?.requests_per_minute ?? null;
    if (owner !== null && limit !== null && c.req.method === 'POST' && !free.test(c.req.path)) {
      const { allowed, remaining, resetMs } = await limiter.take(owner, limit);
      showLimit(c, 'requests', { limit, remaining, resetMs });
      if (!allowed) {
        throw new ServiceError({
          code: 'rate_limit_exceeded',
          message: `This key may send ${limit} requests per minute.`,
          retryAfterSeconds: Math.max(1, Math.ceil(resetMs / 1_000)),
        });
      }
    }
    await next();
  };
}
