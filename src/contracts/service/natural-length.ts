import { z } from 'zod';

/** A chain's thought: its tokens, and whether it ended by itself or was stopped. */
export const ObservedLength = z.object({ tokens: z.int().nonnegative(), ended: z.boolean() });
export type ObservedLength = z.infer<typeof ObservedLength>;

/**
 * With fewer chains that ended by themselves, the assumption for the family is more reliable than the model's own
 * lengths.
 */
const leastEnded = 20;
/** A chain may always have so many tokens: a model whose thoughts were empty so far may still think. */
const shortest = 64;

/**
 * The natural length that the responses of an uncalibrated model have shown, in tokens; undefined if there are too few,
 * or too many of their chains were stopped.
 */
export function learnedLength(chains: readonly ObservedLength[]): number | undefined {
  if (chains.filter(({ ended }) => ended).length < leastEnded) return undefined;
  const length = naturalLength(chains);
  return length === undefined ? undefined : Math.max(shortest, length);
}

/**
 * The thinking tokens within which `share` of chains end by themselves: the quantile of the product-limit estimate
 * (Kaplan and Meier 1958), in which a stopped chain counts as longer than it is. Undefined if too many were stopped.
 */
export function naturalLength(chains: readonly ObservedLength[], share = 0.95): number | undefined {
  // Among equal lengths, those that ended come first: the others were still thinking.
  const sorted = chains.toSorted((a, b) => a.tokens - b.tokens || Number(b.ended) - Number(a.ended));
  let thinking = 1;
  for (const [index, { tokens, ended }] of sorted.entries()) {
    if (!ended) continue;
    thinking *= 1 - 1 / (sorted.length - index);
    if (thinking <= 1 - share + 1e-9) return tokens;
  }
  return undefined;
}
