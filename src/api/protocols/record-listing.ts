import type { RecordStore } from '../../core/record-store.ts';
import type { Caller } from '../caller.ts';

/** What is listed by owner. */
export type ListedKind = 'files' | 'batches' | 'chat-completions';
/** All that a list needs of a record before it is read. `created_at` in epoch seconds; in ms of chat completions. */
type Listed = { key: string; id: string; created_at: number; bytes: number };

export const listedPrefix = (kind: ListedKind): string => `${kind}-of`;

/** The key of an entry that stands beside each record, so that an owner's are found without reading anybody's. */
export function listingKey(
  kind: ListedKind,
  record: { id: string; owner: string | null; created_at: number; bytes?: number },
): string {
  const { id, owner, created_at, bytes = 0 } = record;
  return [listedPrefix(kind), owner ?? 'none', created_at, bytes, id].join(':');
}

export function parseListing(key: string): Listed {
  const [, , createdAt, bytes, id = ''] = key.split(':');
  return { key, id, created_at: Number(createdAt), bytes: Number(bytes) };
}

/** Newest first. An id that was made twice in one moment (an Idempotency-Key in two processes) is listed once. */
export async function listedOf(
  records: RecordStore,
  kind: ListedKind,
  { owner }: Pick<Caller, 'owner'>,
): Promise<Listed[]> {
  const found = (await records.keys(`${listedPrefix(kind)}:${owner ?? 'none'}`)).map(parseListing);
  const byId = new Map(found.map((listed) => [listed.id, listed]));
  return [...byId.values()].sort((one, other) => other.created_at - one.created_at || (one.id < other.id ? 1 : -1));
}

/** Of what is removed. */
export async function unlist(
  records: RecordStore,
  kind: ListedKind,
  { id, owner }: { id: string; owner: string | null },
): Promise<void> {
  for (const key of await records.keys(`${listedPrefix(kind)}:${owner ?? 'none'}`)) {
    if (key.endsWith(`:${id}`)) await records.remove(key);
  }
}
