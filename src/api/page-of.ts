/** A page of a list that is there whole: from behind the id that the last page ended with. */
export function pageOf<T extends { id: string }>(
  all: readonly T[],
  { limit = 20, after }: { limit?: number | undefined; after?: string | undefined },
): { data: T[]; hasMore: boolean } {
  const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
  const rest = all.slice(from);
  return { data: rest.slice(0, limit), hasMore: rest.length > limit };
}
