import type { KvPlace } from './kv-arena.ts';

/**
 * Who may start from a sequence's keys and values: requests of its response from all of them, other responses of its owner
 * from the first `own` tokens, and no others. `response` is absent once it has ended.
 */
export type SequenceCache = { owner: string; response?: string; own: number };

/** A sequence that has ended, kept for the next prompt that begins like it. */
export type StoredSequence = { ids: readonly number[]; readonly length: number; place: KvPlace; cache: SequenceCache };

/** Tokens. A shorter common beginning is not worth copying: most prompts share a template's first tokens. */
const worthCopying = 8;

/** Sequences that have ended, in the order of last use. */
export type PrefixStore = {
  /** Oldest first. */
  readonly sequences: readonly StoredSequence[];
  /** Keeps the part that others may start from; sequences that are only a beginning of it are removed. */
  keep(sequence: Omit<StoredSequence, 'length'>): void;
  /** Marks a sequence as used now. */
  touch(sequence: StoredSequence): void;
  remove(sequence: StoredSequence): void;
  /** A response has ended: removes what only its own requests may start from. */
  forget(response: string): void;
  clear(): void;
};

export function createPrefixStore(): PrefixStore {
  let sequences: StoredSequence[] = [];
  const kept = ({ ids, place, cache }: Omit<StoredSequence, 'length'>): StoredSequence[] => {
    const length = cache.response === undefined ? Math.min(ids.length, cache.own) : ids.length;
    return length < worthCopying ? [] : [{ ids: ids.slice(0, length), length, place, cache }];
  };
  return {
    get sequences() {
      return sequences;
    },
    keep(sequence) {
      for (const added of kept(sequence)) sequences = [...sequences.filter((other) => !covers(added, other)), added];
    },
    touch(sequence) {
      sequences = sequences.filter((other) => other !== sequence);
      sequences.push(sequence);
    },
    remove(sequence) {
      sequences = sequences.filter((other) => other !== sequence);
    },
    forget(response) {
      sequences = sequences.flatMap((sequence) =>
        sequence.cache.response === response ? kept({ ...sequence, cache: ended(sequence.cache) }) : [sequence],
      );
    },
    clear() {
      sequences = [];
    },
  };
}

/** The same once its response has ended. */
export function ended({ owner, own }: SequenceCache): SequenceCache {
  return { owner, own };
}

type Shared = { ids: readonly number[]; length: number; cache: SequenceCache };

/** The sequences that `reader` may start from, each as long as it may be used. */
export function shareable<Stored extends Shared>(
  sequences: readonly Stored[],
  reader: SequenceCache | undefined,
): Stored[] {
  if (reader === undefined) return [];
  return sequences.flatMap((sequence) => {
    const { owner, response, own } = sequence.cache;
    if (owner !== reader.owner) return [];
    const together = response !== undefined && response === reader.response;
    return [together ? sequence : { ...sequence, length: Math.min(sequence.length, own) }];
  });
}

/** True if every reader of `kept` may read `sequence` just as far. */
export function covers(sequence: Shared, kept: Shared): boolean {
  const { owner, response, own } = sequence.cache;
  const before = kept.cache;
  if (owner !== before.owner || (before.response !== undefined && response !== before.response)) return false;
  const common = Math.min(sequence.length, commonPrefix(sequence.ids, kept.ids));
  return common >= kept.length && own >= Math.min(before.own, kept.length);
}

/** The candidate with the longest common beginning with `ids`, without the last id, whose logits are needed. */
export function longestPrefix<Candidate extends { ids: readonly number[]; length: number }>(
  ids: readonly number[],
  candidates: Iterable<Candidate>,
): { sequence: Candidate; length: number } | undefined {
  let best: { sequence: Candidate; length: number } | undefined;
  for (const sequence of candidates) {
    const length = Math.min(commonPrefix(sequence.ids, ids), sequence.length, ids.length - 1);
    if (length >= worthCopying && length > (best?.length ?? 0)) best = { sequence, length };
  }
  return best;
}

/** The number of ids that two sequences have in common at the beginning. */
export function commonPrefix(first: readonly number[], second: readonly number[]): number {
  const limit = Math.min(first.length, second.length);
  let length = 0;
  while (length < limit && first[length] === second[length]) length += 1;
  return length;
}
