import {
  type ConversationRecord,
  conversationId,
  ConversationRecord as Schema,
} from '../../contracts/responses/conversation.ts';
import type { InputItem } from '../../contracts/responses/input-item.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { JobQueue } from '../../core/job-queue.ts';
import type { RecordStore } from '../../core/record-store.ts';
import type { Caller } from '../caller.ts';
import { terminalEvent } from './response-events.ts';
import { inputItems, outputItems } from './response-items.ts';

type Clocked = { records: RecordStore; now(): number };
type Stores = Clocked & { queue: JobQueue };

/** Responses and additions of one conversation: it is one record, read and written whole. */
const mostEntries = 2_000;
/** Of the record as it is stored. */
const mostBytes = 16 * 1_048_576;

export const conversationKey = (id: string): string => `conversations:${id}`;

const dayMs = 86_400_000;
export const usedPrefix = 'conversations-used';
/** Beside a conversation, for each day (UTC) on which it was added to: the sweep goes by the last one. */
export const usedKey = (id: string, at: number): string => `${usedPrefix}:${Math.floor(at / dayMs)}:${id}`;

/** @throws ServiceError `not_found` for another's as for none */
export async function findConversation(
  records: RecordStore,
  id: string,
  { caller, param }: { caller: Caller; param: string },
): Promise<ConversationRecord> {
  const stored = conversationId.test(id) ? await records.get(conversationKey(id)) : undefined;
  const record = stored === undefined ? undefined : Schema.parse(stored);
  if (record === undefined || record.owner !== caller.owner) {
    const shown = conversationId.test(id) ? ` '${id}'` : '';
    throw new ServiceError({ code: 'not_found', message: `There is no conversation${shown}.`, param });
  }
  return record;
}

/** All items in order. `busy`: a response of the conversation still runs, so its answer is not among them. */
export async function conversationItems(
  { queue }: Pick<Stores, 'queue'>,
  record: ConversationRecord,
): Promise<{ items: InputItem[]; busy: boolean }> {
  const items: InputItem[] = [];
  let busy = false;
  for (const entry of record.entries) {
    if (entry.type === 'items') {
      items.push(...entry.items);
      continue;
    }
    const snapshot = await queue.get(entry.id);
    if (snapshot === undefined) continue;
    busy ||= snapshot.terminal === undefined;
    items.push(...inputItems(snapshot.job), ...(await outputItems(queue, snapshot)));
  }
  return { items, busy };
}

/** @throws ServiceError `conflict` where it is full, or would be by `added` */
export function checkRoom(
  { id, entries }: ConversationRecord,
  added: ConversationRecord['entries'][number] = { type: 'response', id: 'x'.repeat(128) },
): void {
  if (entries.length < mostEntries && Buffer.byteLength(JSON.stringify([...entries, added])) <= mostBytes) return;
  const message = `The conversation '${id}' is full: it takes ${mostEntries} entries and ${mostBytes} bytes. Begin another.`;
  throw new ServiceError({ code: 'conflict', message, param: 'conversation', retryable: false });
}

export async function addToConversation(
  { records, now }: Clocked,
  id: string,
  entry: ConversationRecord['entries'][number],
): Promise<void> {
  await records.set(usedKey(id, now()), {});
  await records.update(conversationKey(id), (value) => {
    if (value === undefined) return undefined;
    const record = Schema.parse(value);
    checkRoom(record, entry);
    return { ...record, entries: [...record.entries, entry] };
  });
}

/** Keeps the items of a response that has ended in its conversation, so that they outlive it. */
export async function keepResponseItems(
  { records, queue }: Omit<Stores, 'now'>,
  id: string,
  responseId: string,
): Promise<void> {
  const isOf = (entry: ConversationRecord['entries'][number]) => entry.type === 'response' && entry.id === responseId;
  // Kept before, or another's: nothing is read for it.
  if (!Schema.safeParse(await records.get(conversationKey(id))).data?.entries.some(isOf)) return;
  const snapshot = await queue.get(responseId);
  if (snapshot?.terminal === undefined) return;
  const items = [...inputItems(snapshot.job), ...(await outputItems(queue, snapshot))];
  await records.update(conversationKey(id), (value) => {
    if (value === undefined) return undefined;
    const record = Schema.parse(value);
    const entries = record.entries.map((entry) => (isOf(entry) ? { type: 'items' as const, items } : entry));
    return { ...record, entries };
  });
}

/**
 * Takes one item out of a conversation; false where it has none of this id. A response that holds the item is kept as its
 * items first.
 * @throws ServiceError `conflict` while that response runs
 */
export async function removeFromConversation(
  stores: Omit<Stores, 'now'>,
  { id, entries }: ConversationRecord,
  itemId: string,
): Promise<boolean> {
  for (const entry of entries) {
    if (entry.type !== 'response') continue;
    const snapshot = await stores.queue.get(entry.id);
    if (snapshot === undefined) continue;
    const held = [...inputItems(snapshot.job), ...(await outputItems(stores.queue, snapshot))];
    if (!held.some((item) => item.id === itemId)) continue;
    if (snapshot.terminal === undefined) throw stillRuns(`The response '${entry.id}'`, 'item');
    await keepResponseItems(stores, id, entry.id);
  }
  let removed = false;
  await stores.records.update(conversationKey(id), (value) => {
    if (value === undefined) return undefined;
    const record = Schema.parse(value);
    const left = record.entries.flatMap((entry): ConversationRecord['entries'] => {
      if (entry.type !== 'items') return [entry];
      const items = entry.items.filter((item) => item.id !== itemId);
      removed ||= items.length < entry.items.length;
      return items.length > 0 ? [{ ...entry, items }] : [];
    });
    return { ...record, entries: left };
  });
  return removed;
}

/** Puts an accepted response into its conversation, and keeps its items there once it has ended. */
export async function joinConversation(
  stores: Stores,
  { id, responseId, onError }: { id: string; responseId: string; onError(error: unknown): void },
): Promise<void> {
  await addToConversation(stores, id, { type: 'response', id: responseId });
  terminalEvent(stores.queue, responseId, { signal: new AbortController().signal })
    .then(() => keepResponseItems(stores, id, responseId))
    .catch(onError);
}

/** Refuses what can only be done once a response has ended. */
export function stillRuns(what: string, param: string): ServiceError {
  return new ServiceError({
    code: 'conflict',
    message: `${what} has not ended yet.`,
    param,
    retryable: true,
    retryAfterSeconds: 1,
  });
}
