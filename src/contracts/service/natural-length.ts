import { z } from 'zod';

/** A chain's thought: its tokens, and whether it ended by itself or was stopped. */
export const ObservedLength = z.object({ tokens: z.int().nonnegative(), ended: z.boolean() });
export type ObservedLength = z.infer<typeof ObservedLength>;

/** With fewer chains that ended by themselves, a model's own lengths say less than what is assumed of its family. */
const leastEnded = 20;
/** A chain may always have so many tokens: a model whose thoughts were empty so far may yet think. */
const shortest = 64;

/**
 * What responses of a model that was never calibrated have shown of its natural length, in tokens; undefined where they are too
 * few, or too many of their chains were stopped.
 */
export function learnedLength(chains: readonly ObservedLength[]): number | undefined {
  if (chains.filter(({ ended }) => ended).length < leastEnded) return undefined;
  const length = naturalLength(chains);
  return length === undefined ? undefined : Math.max(shortest, length);
}

/**
 * The thinking tokens within which `share` of chains end by themselves: the quantile of the product-limit estimate (Kaplan and
 * Meier 1958), where a chain that was stopped tells only that it is longer. Undefined where too many were stopped to tell.
 */
export function naturalLength(chains: readonly ObservedLength[], share = 0.95): number | undefined {
  // Of equal lengths those that ended come first: the others were still thinking then.
  const sorted = chains.toSorted((a, b) => a.tokens - b.tokens || Number(b.ended) - Number(a.ended));
  let thinking = 1;
  for (const [index, { tokens, ended }] of sorted.entries()) {
    if (!ended) continue;
    thinking *= 1 - 1 / (sorted.length - index);
    if (thinking <= 1 - share + 1e-9) return tokens;
  }
  return undefined;
}
