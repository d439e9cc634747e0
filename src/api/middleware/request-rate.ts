import type { Context, MiddlewareHandler } from 'hono';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { RequestLimiter } from '../../store/request-limiter.ts';
import type { ApiEnvironment } from '../dependencies.ts';

/** What is left of a limit, in the headers that OpenAI's clients read. */
export function showLimit(
  c: Context,
  what: 'requests' | 'tokens',
  { limit, remaining, resetMs }: { limit: number; remaining: number; resetMs: number },
): void {
  c.header(`x-ratelimit-limit-${what}`, String(limit));
  c.header(`x-ratelimit-remaining-${what}`, String(remaining));
  c.header(`x-ratelimit-reset-${what}`, duration(resetMs));
}

/** As OpenAI writes them: `1h2m3s`, `45s`, `250ms`. */
function duration(ms: number): string {
  if (ms < 1_000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)];
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds % 60}s`;
}

/** What a client must always be able to say: stop, and answer now. The requests that an MCP call makes are counted themselves. */
const free = /\/(?:cancel|answer_now)$|^\/mcp$/;

/** What creates responses, and calls `countRequest` once it knows whether the request repeats an earlier one. */
const creating = /^\/(?:v1\/(?:responses|chat\/completions|completions|messages)|api\/(?:chat|generate))$/;

/**
 * Counts what a key asks for: every POST but those that end something. Polls and lists are not counted, nor are repetitions with an
 * Idempotency-Key, which create nothing.
 * @throws ServiceError `rate_limit_exceeded` with `Retry-After`
 */
export function requestRate(limiter: RequestLimiter): MiddlewareHandler<ApiEnvironment> {
  return async function countRequests(c, next) {
    const { key, limits } = c.get('caller');
    const limit = limits?.requests_per_minute ?? null;
    if (key === undefined || limit === null || c.req.method !== 'POST' || free.test(c.req.path)) return next();
    const take = async () => {
      const { allowed, remaining, resetMs } = await limiter.take(key, limit);
      showLimit(c, 'requests', { limit, remaining, resetMs });
      if (allowed) return undefined;
      return new ServiceError({
        code: 'rate_limit_exceeded',
        message: `This key may send ${limit} requests per minute.`,
        retryAfterSeconds: Math.max(1, Math.ceil(resetMs / 1_000)),
      });
    };
    const count = async () => {
      const refusal = await take();
      if (refusal) throw refusal;
    };
    if (c.req.header('idempotency-key') === undefined || !creating.test(c.req.path)) {
      await count();
      return next();
    }
    let state: 'unknown' | 'repeated' | 'counted' = 'unknown';
    c.set('countRequest', async (isRepeated) => {
      if (state === 'counted') return;
      state = isRepeated ? 'repeated' : 'counted';
      if (!isRepeated) await count();
    });
    await next();
    // It was refused before it was known to be new, and stays refused for that reason.
    if (state === 'unknown') await take();
  };
}

/**
 * Counts a request that creates responses, once however many it creates, unless it only repeats an earlier one.
 * @throws ServiceError `rate_limit_exceeded` with `Retry-After`
 */
export async function countRequest(c: Context<ApiEnvironment>, { isRepeated }: { isRepeated: boolean }): Promise<void> {
  await c.get('countRequest')?.(isRepeated);
}
