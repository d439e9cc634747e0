import type { UpstreamRequest } from './request-body.ts';
import type { UpstreamClient } from './upstream-client.ts';
import { UpstreamRefused } from './upstream-error.ts';
import type { Chunk } from './wire.ts';

/** What this server has refused since start, so that it isn't asked again: optional fields and ways to go on. */
export type Refusals = { has(feature: string): boolean; add(feature: string): void };

export function createRefusals(): Refusals {
  const refused = new Set<string>();
  return { has: (feature) => refused.has(feature), add: (feature) => void refused.add(feature) };
}

/** Words by which servers name a field that they won't take, beside its own name. */
const otherNames: Readonly<Record<string, RegExp>> = {
  thinking_token_budget: /reasoning_config|reasoning.parser/i,
  thinking_budget_tokens: /reasoning.budget/i,
  reasoning_effort: /\bthink/i,
  stream_options: /continuous_usage_stats|include_usage/i,
  top_logprobs: /logprobs/i,
};

/** OpenAI's own reasoning models know the cap by its newer name alone. */
function renamed(body: Record<string, unknown>, refusals: Refusals): Record<string, unknown> {
  if (!refusals.has('max_tokens')) return body;
  const { max_tokens: cap, ...rest } = body;
  return { ...rest, max_completion_tokens: cap };
}

/** Streams a request; a 400 that names an optional field (an older or stricter server) is followed by a try without it. */
export async function* streamTolerantly(
  client: UpstreamClient,
  request: UpstreamRequest,
  refusals: Refusals,
  options: { signal: AbortSignal },
): AsyncGenerator<Chunk, void, void> {
  for (;;) {
    const kept = Object.entries(request.optional).filter(([field]) => !refusals.has(field));
    try {
      yield* client.stream(request.route, { ...renamed(request.body, refusals), ...Object.fromEntries(kept) }, options);
      return;
    } catch (error) {
      if (!(error instanceof UpstreamRefused) || (error.status !== 400 && error.status !== 422)) throw error;
      if (error.reason.includes('max_completion_tokens') && !refusals.has('max_tokens')) {
        refusals.add('max_tokens');
        continue;
      }
      const culprits = kept.filter(([field]) => error.reason.includes(field) || otherNames[field]?.test(error.reason));
      if (culprits.length === 0) throw error;
      for (const [field] of culprits) refusals.add(field);
    }
  }
}
