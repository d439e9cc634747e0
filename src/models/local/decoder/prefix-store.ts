import type { KvPlace } from './kv-arena.ts';

/**
 * Who may start from a row's keys and values: requests of its response from all of it, other responses of its owner from the
 * first `own` tokens, nobody else from any. `response` is absent once it has ended.
 */
export type SequenceCache = { owner: string; response?: string; own: number };

/** A row that has ended, kept for the next prompt that begins like it. */
export type StoredSequence = { ids: readonly number[]; readonly length: number; place: KvPlace; cache: SequenceCache };

/** Shorter common beginnings aren't worth a copy: most prompts share a template's first tokens. */
const worthCopying = 8;

/** Ended rows by last use. */
export type PrefixStore = {
  /** Oldest first. */
  readonly rows: readonly StoredSequence[];
  /** Keeps what others may start from; rows that are no more than a beginning of it go. */
  keep(row: Omit<StoredSequence, 'length'>): void;
  /** Marks a row as used now. */
  touch(row: StoredSequence): void;
  remove(row: StoredSequence): void;
  /** A response has ended: what only its own requests may start from goes. */
  forget(response: string): void;
  clear(): void;
};

export function createPrefixStore(): PrefixStore {
  let rows: StoredSequence[] = [];
  const kept = ({ ids, place, cache }: Omit<StoredSequence, 'length'>): StoredSequence[] => {
    const length = cache.response === undefined ? Math.min(ids.length, cache.own) : ids.length;
    return length < worthCopying ? [] : [{ ids: ids.slice(0, length), length, place, cache }];
  };
  return {
    get rows() {
      return rows;
    },
    keep(row) {
      for (const added of kept(row)) rows = [...rows.filter((other) => !covers(added, other)), added];
    },
    touch(row) {
      rows = rows.filter((other) => other !== row);
      rows.push(row);
    },
    remove(row) {
      rows = rows.filter((other) => other !== row);
    },
    forget(response) {
      rows = rows.flatMap((row) =>
        row.cache.response === response ? kept({ ...row, cache: ended(row.cache) }) : [row],
      );
    },
    clear() {
      rows = [];
    },
  };
}

/** The same once its response has ended. */
export function ended({ owner, own }: SequenceCache): SequenceCache {
  return { owner, own };
}

type Shared = { ids: readonly number[]; length: number; cache: SequenceCache };

/** The rows that `reader` may start from, each as long as it may be used. */
export function shareable<Row extends Shared>(rows: readonly Row[], reader: SequenceCache | undefined): Row[] {
  if (reader === undefined) return [];
  return rows.flatMap((row) => {
    const { owner, response, own } = row.cache;
    if (owner !== reader.owner) return [];
    const together = response !== undefined && response === reader.response;
    return [together ? row : { ...row, length: Math.min(row.length, own) }];
  });
}

/** True where every reader of `kept` may read `row` just as far. */
export function covers(row: Shared, kept: Shared): boolean {
  const { owner, response, own } = row.cache;
  const before = kept.cache;
  if (owner !== before.owner || (before.response !== undefined && response !== before.response)) return false;
  const common = Math.min(row.length, commonPrefix(row.ids, kept.ids));
  return common >= kept.length && own >= Math.min(before.own, kept.length);
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
