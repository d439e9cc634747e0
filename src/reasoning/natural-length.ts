/** A chain's thought: its tokens, and whether it ended by itself or was stopped. */
export type ObservedLength = { tokens: number; ended: boolean };

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
