import type { KvPlace } from './kv-arena.ts';

/** A row that has ended, kept for the next prompt that begins like it. */
export type StoredRow = { ids: readonly number[]; readonly length: number; place: KvPlace };

/** Shorter common beginnings aren't worth a copy: most prompts share a template's first tokens. */
const worthCopying = 8;

/** Ended rows by last use. */
export type PrefixStore = {
  /** Oldest first. */
  readonly rows: readonly StoredRow[];
  /** Keeps the cache of `ids` at `place`; rows that are no more than a beginning of it go. */
  keep(ids: readonly number[], place: KvPlace): void;
  /** Marks a row as used now. */
  touch(row: StoredRow): void;
  remove(row: StoredRow): void;
  clear(): void;
};

export function createPrefixStore(): PrefixStore {
  let rows: StoredRow[] = [];
  return {
    get rows() {
      return rows;
    },
    keep(ids, place) {
      if (ids.length < worthCopying) return;
      rows = rows.filter((row) => commonPrefix(row.ids, ids) < row.length);
      rows.push({ ids, length: ids.length, place });
    },
    touch(row) {
      rows = rows.filter((other) => other !== row);
      rows.push(row);
    },
    remove(row) {
      rows = rows.filter((other) => other !== row);
    },
    clear() {
      rows = [];
    },
  };
}

/** The candidate that shares the longest beginning with `ids`, at most all but the last id, whose logits are wanted. */
export function longestPrefix<Candidate extends { ids: readonly number[]; length: number }>(
  ids: readonly number[],
  candidates: Iterable<Candidate>,
): { row: Candidate; length: number } | undefined {
  let best: { row: Candidate; length: number } | undefined;
  for (const row of candidates) {
    const length = Math.min(commonPrefix(row.ids, ids), row.length, ids.length - 1);
    if (length >= worthCopying && length > (best?.length ?? 0)) best = { row, length };
  }
  return best;
}

/** How many ids two rows begin with alike. */
export function commonPrefix(first: readonly number[], second: readonly number[]): number {
  const limit = Math.min(first.length, second.length);
  let length = 0;
  while (length < limit && first[length] === second[length]) length += 1;
  return length;
}
