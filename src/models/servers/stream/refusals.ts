import type { StreamOptions, UpstreamClient } from '../client/upstream-client.ts';
import { UpstreamRefused } from '../client/upstream-error.ts';
import type { Chunk } from '../client/wire.ts';
import type { UpstreamRequest } from './request-body.ts';

/** What this server has refused since the start, so that it isn't asked again: optional fields, and ways to continue a thought. */
export type Refusals = {
  has(feature: string): boolean;
  add(feature: string): void;
  /** Remembers a way only where the server says that it has none: a bad key, a bad moment or this one prompt pass. */
  addWay(way: Way, refused: UpstreamRefused): void;
};

type Way = 'raw' | 'final-message' | '/completion';

/** `onNew` is called once for each thing that is left out from then on. */
export function createRefusals(onNew: (feature: string) => void): Refusals {
  const features = new Set<string>();
  const add = (feature: string) => {
    if (features.has(feature)) return;
    features.add(feature);
    // The cap is still sent, by its newer name.
    if (feature !== 'max_tokens') onNew(feature);
  };
  return {
    has: (feature) => features.has(feature),
    add,
    addWay(way, refused) {
      const named = isBadRequest(refused) && refused.says(wayNames[way]) && refused.says(lacking);
      if (noRoute.has(refused.status) || named) add(way);
    },
  };
}

/** What the server's rendering gives; undefined where it refuses, which is remembered if it has no such route. */
export async function unlessRefused<T>(refusals: Refusals, render: () => Promise<T>): Promise<T | undefined> {
  try {
    return await render();
  } catch (error) {
    if (!(error instanceof UpstreamRefused)) throw error;
    refusals.addWay('raw', error);
    return undefined;
  }
}

const noRoute: ReadonlySet<number> = new Set([404, 405, 501]);

const isBadRequest = ({ status }: UpstreamRefused) => status === 400 || status === 422;

/** What a server says of a field or a route that it doesn't have, and not of a value that it doesn't take. */
const lacking =
  /unsupported|n[o']t\s+(?:be\s+)?(?:support|allow|permit|accept|implement|available)|unknown|unrecogni[sz]ed|unexpected|extra (?:inputs|fields)|cannot both be/i;

const wayNames: Readonly<Record<Way, RegExp>> = {
  raw: /\b(?:completions?|prompt|messages|add_generation_prompt|return_token_strs|add_special_tokens)\b/i,
  'final-message': /continue_final_message|add_generation_prompt/i,
  '/completion': /(?!)/,
};

/** Words by which servers name a field that they won't take, beside its own name. */
const otherNames: Readonly<Record<string, RegExp>> = {
  thinking_token_budget: /reasoning_config|reasoning.parser/i,
  reasoning_budget_tokens: /reasoning.budget/i,
  thinking_budget_tokens: /reasoning.budget/i,
  reasoning_effort: /\bthink/i,
  stream_options: /continuous_usage_stats|include_usage/i,
  top_logprobs: /logprobs/i,
};

/** OpenAI's own reasoning models know the cap by its newer name alone. */
const newerCap = 'max_completion_tokens';

/**
 * Streams a request; a 400 that names an optional field (an older or stricter server) is followed by a try without it. What
 * was left out is remembered once the server has taken the rest: till then the name may have been an echo of the prompt.
 */
export async function* streamTolerantly(
  client: UpstreamClient,
  request: UpstreamRequest,
  refusals: Refusals,
  options: StreamOptions,
): AsyncGenerator<Chunk, void, void> {
  const left = new Set<string>();
  const without = (field: string) => left.has(field) || refusals.has(field);
  for (;;) {
    const kept = Object.entries({ ...request.sampling, ...request.optional }).filter(([field]) => !without(field));
    try {
      for await (const chunk of client.stream(request.route, bodyOf(request.body, kept, without), options)) {
        for (const field of left) refusals.add(field);
        yield chunk;
      }
      return;
    } catch (error) {
      if (!(error instanceof UpstreamRefused) || !isBadRequest(error)) throw error;
      if (error.says(newerCap) && !without('max_tokens')) {
        left.add('max_tokens');
        continue;
      }
      const lacks = (field: string) =>
        field in request.sampling
          ? error.says(new RegExp(`\\b${field}\\b`)) && error.says(lacking)
          : error.says(field) || error.says(otherNames[field] ?? never);
      const culprits = kept.filter(([field]) => lacks(field));
      if (culprits.length === 0) throw error;
      for (const [field] of culprits) left.add(field);
    }
  }
}

const never = /(?!)/;

function bodyOf(
  body: Record<string, unknown>,
  kept: ReadonlyArray<[string, unknown]>,
  without: (field: string) => boolean,
): Record<string, unknown> {
  const { max_tokens: cap, ...rest } = body;
  return { ...rest, [without('max_tokens') ? newerCap : 'max_tokens']: cap, ...Object.fromEntries(kept) };
}
