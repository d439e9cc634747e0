/** The thinking budget that the samples of one request share. */
export type Purse = {
  remaining(): number;
  /** Takes tokens; false, and nothing taken, where fewer are left. Emptying it stops every sample that still thinks. */
  take(tokens: number): boolean;
  /** Aborted when nothing is left. */
  spent: AbortSignal;
};

export function createPurse(budgetTokens: number): Purse {
  const spent = new AbortController();
  let remaining = budgetTokens;
  const empty = () => {
    remaining = 0;
    spent.abort(new Error('the thinking budget is spent'));
  };
  if (remaining <= 0) empty();
  return {
    remaining: () => remaining,
    take(tokens) {
      const enough = tokens <= remaining;
      if (enough) remaining -= tokens;
      if (!enough || remaining === 0) empty();
      return enough;
    },
    spent: spent.signal,
  };
}
