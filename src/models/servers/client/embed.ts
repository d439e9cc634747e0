import type { UpstreamModel } from '../../config/model-config.ts';
import { defaultRetryPolicy } from './backoff.ts';
import { systemClock } from './clock.ts';
import { dialects } from './dialect.ts';
import { createUpstreamClient } from './upstream-client.ts';
import { toServiceError, UpstreamRefused } from './upstream-error.ts';

/** A server's answer, or undefined where it has no such route (or this model only writes text). */
export type Embed = (asked: object, options: { signal: AbortSignal }) => Promise<object | undefined>;

/** Embeddings of an upstream model; undefined for a kind of server that has none. */
export function createEmbed(config: UpstreamModel, fetch?: typeof globalThis.fetch): Embed | undefined {
  if (!dialects[config.dialect].embeddings) return undefined;
  const client = createUpstreamClient({
    modelId: config.id,
    url: config.url,
    apiKey: config.apiKey,
    fetch,
    retry: defaultRetryPolicy,
    timeouts: { firstByteMs: 120_000, idleMs: 120_000 },
    clock: systemClock,
  });
  return async (asked, { signal }) => {
    try {
      const answer = await client.json('/embeddings', { ...asked, model: config.model }, { signal });
      return typeof answer === 'object' && answer !== null ? answer : {};
    } catch (error) {
      if (!(error instanceof UpstreamRefused)) throw error;
      // vLLM and llama.cpp have the route and refuse it for a model that was not loaded for it.
      if (error.status === 404 || error.status === 405 || error.status === 501) return undefined;
      throw toServiceError(error, config.id, false);
    }
  };
}
