import type { Cluster, Redis } from 'ioredis';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { ServiceError } from '../contracts/service/service-error.ts';

/** The state of a key's current minute. */
type RequestWindow = { allowed: boolean; remaining: number; resetMs: number };

/** Counts requests by key in windows of a minute; with Redis, all processes count together. */
export type RequestLimiter = {
  /** Counts one request. @throws ServiceError `backend_unavailable` if Redis is down */
  take(key: string, perMinute: number): Promise<RequestWindow>;
};

const minuteSeconds = 60;

/** Without `redis`, each process counts separately; the embedded mode has only one. */
export function createRequestLimiter(shared?: { redis: Redis | Cluster; prefix: string }): RequestLimiter {
  const limiters = new Map<number, RateLimiterAbstract>();
  const limiterOf = (perMinute: number): RateLimiterAbstract => {
    const existing = limiters.get(perMinute);
    if (existing !== undefined) return existing;
    const options = { points: perMinute, duration: minuteSeconds };
    const made =
      shared === undefined
        ? new RateLimiterMemory({ ...options, keyPrefix: 'rpm' })
        : new RateLimiterRedis({ ...options, keyPrefix: `${shared.prefix}-rpm`, storeClient: shared.redis });
    limiters.set(perMinute, made);
    return made;
  };
  return {
    async take(key, perMinute) {
      try {
        return windowOf(await limiterOf(perMinute).consume(key), true);
      } catch (error) {
        // If the window is used up, the library rejects with it.
        if (error instanceof RateLimiterRes) return windowOf(error, false);
        const message = 'The store of rate limits does not answer.';
        throw new ServiceError({ code: 'backend_unavailable', message, cause: error });
      }
    },
  };
}

function windowOf({ remainingPoints, msBeforeNext }: RateLimiterRes, allowed: boolean): RequestWindow {
  return { allowed, remaining: remainingPoints, resetMs: Math.max(0, msBeforeNext) };
}
