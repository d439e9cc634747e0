/** Ms. `random` is in [0, 1). */
export type RetryPolicy = { attempts: number; firstDelayMs: number; maximumDelayMs: number; totalMs: number };

export const defaultRetryPolicy: RetryPolicy = {
  attempts: 5,
  firstDelayMs: 250,
  maximumDelayMs: 20_000,
  totalMs: 60_000,
};

/**
 * Ms to wait before try `attempt + 1`, or undefined when no further try is due. What the server asks for (`retryAfterMs`)
 * is waited for in full or not at all; else full jitter over a doubling cap, so that many callers don't come back at once
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export function retryDelay(
  policy: RetryPolicy,
  state: { attempt: number; elapsedMs: number; retryAfterMs: number | undefined; random: number },
): number | undefined {
  if (state.attempt >= policy.attempts) return undefined;
  const cap = Math.min(policy.maximumDelayMs, policy.firstDelayMs * 2 ** (state.attempt - 1));
  const delay = state.retryAfterMs ?? Math.round(cap / 2 + (cap / 2) * state.random);
  if (delay > policy.maximumDelayMs || state.elapsedMs + delay > policy.totalMs) return undefined;
  return delay;
}

/** Ms from now that a `Retry-After` header asks for: seconds or an HTTP date (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
