import {
  type ConversationEntry,
  type ConversationRecord,
  type ConversationTurn,
  conversationId,
  ConversationRecord as Schema,
} from '../../contracts/responses/conversation.ts';
import type { CreateResponse } from '../../contracts/responses/create-response.ts';
import type { InputItem } from '../../contracts/responses/input-item.ts';
import type { Job, JobSnapshot } from '../../contracts/responses/job.ts';
import { TerminalEvent } from '../../contracts/responses/response-event.ts';
import { responseJob } from '../../contracts/responses/response-job.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { JobQueue } from '../../core/job-queue.ts';
import type { RecordStore } from '../../core/record-store.ts';
import type { Caller } from '../caller.ts';
import { terminalEvent } from '../responses/response-events.ts';
import { inputItems, outputItems, withIds } from '../responses/response-items.ts';
import { conversationKey, indexConversation, lastUse } from './conversation-index.ts';
import {
  answerIn,
  entryOfResponse,
  lastEntry,
  parentOf,
  pathTo,
  questionIn,
  responseOf,
  tipFrom,
} from './conversation-tree.ts';

type Clocked = { records: RecordStore; now(): number };
type Stores = Clocked & { queue: JobQueue };

/** Responses and additions of one conversation: it is one record, read and written whole. */
const mostEntries = 2_000;
/** Of the record as it is stored. */
const mostBytes = 16 * 1_048_576;
/** Characters of a question that stand in the conversation while its response runs. */
const questionLength = 2_000;

/** @throws ServiceError `not_found` for another's as for none */
export async function findConversation(
  records: RecordStore,
  id: string,
  { caller, param }: { caller: Caller; param: string },
): Promise<ConversationRecord> {
  const stored = conversationId.test(id) ? await records.get(conversationKey(id)) : undefined;
  const record = stored === undefined ? undefined : Schema.parse(stored);
  if (record === undefined || record.owner !== caller.owner) {
    const shown = conversationId.test(id) ? ` '${id}'` : ' with this id';
    throw new ServiceError({ code: 'not_found', message: `There is no conversation${shown}.`, param });
  }
  return record;
}

/**
 * The items of a branch in order; `path` absent: of the one that was added to last. `busy`: a response of it still runs, so its
 * answer is not among them.
 */
export async function conversationItems(
  { queue }: Pick<Stores, 'queue'>,
  record: ConversationRecord,
  path: readonly number[] = pathTo(record, lastEntry(record)),
): Promise<{ items: InputItem[]; busy: boolean }> {
  const items: InputItem[] = [];
  let busy = false;
  for (const index of path) {
    const entry = record.entries[index];
    if (entry === undefined) continue;
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

/** All responses of a conversation, oldest first, with the one that each goes on from. */
export async function conversationTurns(
  { queue }: Pick<Stores, 'queue'>,
  record: ConversationRecord,
): Promise<ConversationTurn[]> {
  const running = new Map<string, JobSnapshot>();
  for (const entry of record.entries) {
    const snapshot = entry.type === 'response' ? await queue.get(entry.id) : undefined;
    if (snapshot !== undefined) running.set(snapshot.job.id, snapshot);
  }
  const isThere = (entry: ConversationEntry | undefined) =>
    entry !== undefined && (entry.type === 'items' ? entry.response !== undefined : running.has(entry.id));
  const seconds = (ms: number) => Math.floor(ms / 1000);
  const found = new Set(record.entries.filter(isThere).map(responseOf));
  return record.entries.flatMap((entry, index): ConversationTurn[] => {
    const parent = parentOf(record, index, (id) => found.has(id));
    const common = { object: 'conversation.turn' as const, parent };
    if (entry.type === 'items') {
      if (entry.response === undefined) return [];
      const { id, createdAt, completedAt, gone, ...kept } = entry.response;
      return [
        {
          ...common,
          ...kept,
          id,
          question: questionIn(entry.items),
          answer: answerIn(entry.items),
          created_at: seconds(createdAt),
          completed_at: completedAt === null ? null : seconds(completedAt),
          stored: gone !== true,
        },
      ];
    }
    const snapshot = running.get(entry.id);
    if (snapshot === undefined) return [];
    const { id, model, createdAt } = snapshot.job;
    const { effort } = responseJob(snapshot.job).effective;
    const question = questionIn(inputItems(snapshot.job));
    const { status } = snapshot;
    const times = { created_at: seconds(createdAt), completed_at: null };
    return [{ ...common, id, question, answer: '', status, model, effort, ...times, stored: true }];
  });
}

/** Items that a client adds, each with an id. `param` names them. @throws ServiceError `unsupported_input` for a reference */
export function conversationInput(items: readonly InputItem[], suffix: string, param = 'items'): InputItem[] {
  const at = items.findIndex(({ type }) => type === 'item_reference');
  if (at < 0) return withIds(items, suffix);
  const message = `Invalid '${param}[${at}]': expected the item itself.`;
  throw new ServiceError({ code: 'unsupported_input', message, param: `${param}[${at}]` });
}

/** The bytes that items will have in a conversation, which keeps them when their response has ended. */
export function keptBytes(items: CreateResponse['input']): number {
  return Buffer.byteLength(JSON.stringify(items));
}

/** @throws ServiceError `conflict` where it is full, or would be by `added`; the input of responses that still run counts as well */
export function checkRoom({ id, entries }: ConversationRecord, added: ConversationEntry): void {
  const all = [...entries, added];
  const toCome = all.reduce((sum, entry) => sum + (entry.type === 'response' ? (entry.bytes ?? 0) : 0), 0);
  if (entries.length < mostEntries && Buffer.byteLength(JSON.stringify(all)) + toCome <= mostBytes) return;
  const message = `The conversation '${id}' is full: the limit is ${mostEntries} entries and ${mostBytes} bytes. Start another one.`;
  throw new ServiceError({ code: 'conflict', message, param: 'conversation', retryable: false });
}

/**
 * Changes a conversation in one atomic step, and then its place in the lists. Changes of several writers come one after the other:
 * `change` is called with what the one before has written. `undefined` from it leaves all as it is.
 */
export async function changeConversation(
  records: RecordStore,
  id: string,
  change: (record: ConversationRecord) => ConversationRecord | undefined,
): Promise<ConversationRecord | undefined> {
  let done: { before: ConversationRecord; after: ConversationRecord } | undefined;
  await records.update(conversationKey(id), (value) => {
    done = undefined;
    if (value === undefined) return undefined;
    const before = Schema.parse(value);
    const changed = change(before);
    if (changed === undefined) return undefined;
    const after = { ...changed, revision: (before.revision ?? 0) + 1 };
    done = { before, after };
    return after;
  });
  if (done !== undefined) await indexConversation(records, done.after, done.before);
  return done?.after;
}

/** Notes a use. The clocks of several processes may differ: the latest holds. */
function used(record: ConversationRecord, now: number): ConversationRecord {
  return { ...record, updatedAt: Math.max(now, lastUse(record)) };
}

/** Adds an entry at the end. A response that stands there already is not added again. */
export async function addToConversation(
  { records, now }: Clocked,
  id: string,
  added: ConversationEntry | ((record: ConversationRecord) => ConversationEntry),
): Promise<ConversationRecord | undefined> {
  return changeConversation(records, id, (record) => {
    const entry = typeof added === 'function' ? added(record) : added;
    const response = responseOf(entry);
    if (response !== undefined && entryOfResponse(record, response) !== undefined) return undefined;
    checkRoom(record, entry);
    return used({ ...record, entries: [...record.entries, entry] }, now());
  });
}

/**
 * Keeps the items of a response that has ended in its conversation, so that they outlive it. `gone`: the response is about to
 * be removed.
 */
export async function keepResponseItems(
  { records, queue }: Pick<Stores, 'queue' | 'records'>,
  { id, responseId, gone = false }: { id: string; responseId: string; gone?: boolean },
): Promise<void> {
  const stored = Schema.safeParse(await records.get(conversationKey(id))).data;
  const place = stored && entryOfResponse(stored, responseId);
  const entry = place === undefined ? undefined : stored?.entries[place];
  // Kept before, or another's: nothing is read for it.
  if (entry === undefined || (entry.type === 'items' && !gone)) return;
  const kept = entry.type === 'items' ? undefined : await keptEntry(queue, responseId);
  if (entry.type === 'response' && kept === undefined) return;
  await changeConversation(records, id, (record) => {
    const index = entryOfResponse(record, responseId);
    const current = index === undefined ? undefined : record.entries[index];
    if (index === undefined || current === undefined) return undefined;
    const items = current.type === 'items' ? current : kept && { ...kept.entry, follows: current.follows };
    if (items?.response === undefined) return undefined;
    const entries = record.entries.with(index, gone ? { ...items, response: { ...items.response, gone } } : items);
    return gone ? { ...record, entries } : used({ ...record, entries }, kept?.endedAt ?? 0);
  });
}

/** A response that has ended as a conversation keeps it; undefined while it runs. */
async function keptEntry(queue: JobQueue, responseId: string) {
  const snapshot = await queue.get(responseId);
  if (snapshot?.terminal === undefined) return undefined;
  const { job } = snapshot;
  const { response } = TerminalEvent.parse(snapshot.terminal.data);
  const items = [...inputItems(job), ...(await outputItems(queue, snapshot))];
  const endedAt = response.completed_at === null ? null : response.completed_at * 1000;
  const kept = {
    id: responseId,
    model: job.model,
    effort: response.reasoning.effective.effort,
    status: snapshot.terminal.terminal ?? 'failed',
    createdAt: job.createdAt,
    completedAt: endedAt,
    ...(response.verdict !== null && { verdict: response.verdict }),
  };
  return { entry: { type: 'items' as const, items, response: kept }, endedAt };
}

/**
 * Keeps what has ended of the responses that were still running when the conversation was last written: the process that waited
 * for their end may have died. True where there was one.
 */
export async function settleConversation(
  stores: Pick<Stores, 'queue' | 'records'>,
  { id, running }: { id: string; running: readonly string[] },
): Promise<boolean> {
  let settled = false;
  for (const responseId of running) {
    if ((await stores.queue.get(responseId))?.terminal === undefined) continue;
    await keepResponseItems(stores, { id, responseId });
    settled = true;
  }
  return settled;
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
    await keepResponseItems(stores, { id, responseId: entry.id });
  }
  let removed = false;
  await changeConversation(stores.records, id, (record) => {
    removed = false;
    // An entry stays in its place even where nothing is left of it: others follow it by its index.
    const left = record.entries.map((entry): ConversationEntry => {
      if (entry.type !== 'items') return entry;
      const items = entry.items.filter((item) => item.id !== itemId);
      removed ||= items.length < entry.items.length;
      return { ...entry, items };
    });
    return removed ? { ...record, entries: left } : undefined;
  });
  return removed;
}

/** Puts an accepted response into its conversation, if it names one, and keeps its items there once it has ended. */
export async function joinConversation(
  stores: Stores & { log: { error(fields: Record<string, unknown>, message: string): void } },
  job: Job,
): Promise<void> {
  const body = responseJob(job);
  const { conversation } = body.request;
  if (!conversation || !job.store) return;
  const id = conversationIdOf(conversation);
  const { context_entry: place } = body;
  const items = inputItems(job, body);
  const question = questionIn(items).slice(0, questionLength);
  const isBranch = branchOf(conversation) !== undefined || body.replaces !== undefined;
  await addToConversation(stores, id, (record) => {
    // Without a place of its own it comes behind what others have added since its prompt was made.
    const follows = place === undefined || isBranch ? place : tipFrom(record, place);
    return { type: 'response', id: job.id, follows, question, bytes: keptBytes(items) };
  });
  terminalEvent(stores.queue, job.id, { signal: new AbortController().signal })
    .then(() => keepResponseItems(stores, { id, responseId: job.id }))
    .catch((error: unknown) => stores.log.error({ err: error, response_id: job.id }, 'conversation not kept'));
}

export function conversationIdOf(conversation: NonNullable<CreateResponse['conversation']>): string {
  return typeof conversation === 'string' ? conversation : conversation.id;
}

/** The response to go on from; null: from the start. Undefined: from where the conversation was last added to. */
export function branchOf(conversation: CreateResponse['conversation']): string | null | undefined {
  return typeof conversation === 'object' ? conversation?.after : undefined;
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
