import type { Context } from 'hono';

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
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)];
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds % 60}s`;
}
