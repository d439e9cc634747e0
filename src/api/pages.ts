import type { ItemList, ItemsQuery } from '../contracts/responses/conversation.ts';
import type { InputItem } from '../contracts/responses/input-item.ts';

/** A page of items, which are given oldest first. */
export function listItems(items: readonly InputItem[], query: ItemsQuery): ItemList {
  const { limit = 20, order = 'desc', after } = query;
  const ordered = order === 'asc' ? [...items] : items.toReversed();
  const start = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1;
  const data = ordered.slice(start, start + limit);
  return listOf(data, { hasMore: start + limit < ordered.length });
}

/** A page as OpenAI's lists have it, with the ids that it begins and ends with. */
export function listOf<T extends { id?: string | null | undefined }, More extends boolean>(
  data: T[],
  { hasMore }: { hasMore: More },
) {
  return {
    object: 'list' as const,
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: hasMore,
  };
}

/** A page of a list that is there whole: from behind the id that the last page ended with. */
export function pageOf<T extends { id: string }>(
  all: readonly T[],
  { limit = 20, after }: { limit?: number | undefined; after?: string | undefined },
): { data: T[]; hasMore: boolean } {
  const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
  const rest = all.slice(from);
  return { data: rest.slice(0, limit), hasMore: rest.length > limit };
}
