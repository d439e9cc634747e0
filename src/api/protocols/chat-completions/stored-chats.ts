import {
  ChatCompletionRecord,
  type ChatCompletionsQuery,
  chatCompletionId,
  type StoredChatCompletion,
  type StoredChatMessage,
} from '../../../contracts/protocols/stored-chat-completion.ts';
import type { JobSnapshot } from '../../../contracts/responses/job.ts';
import { responseJob } from '../../../contracts/responses/response-job.ts';
import { ServiceError } from '../../../contracts/service/service-error.ts';
import type { JobQueue } from '../../../core/job-queue.ts';
import type { RecordStore } from '../../../core/record-store.ts';
import type { Caller } from '../../caller.ts';
import { stillRuns } from '../../conversations/conversations.ts';
import { visibleItems } from '../../responses/response-items.ts';
import { responseView } from '../../responses/response-view.ts';
import { listedOf, listedPrefix, listingKey, parseListing } from '../record-listing.ts';
import type { Run } from '../translated-runs.ts';
import { chatCompletion, completionId, shownThoughts } from './chat-answer.ts';
import { messagesOfItems } from './chat-messages.ts';

const kind = 'chat-completions';
const keyOf = (id: string): string => `${kind}:${id}`;

/** Records of one step through a list. */
const stepSize = 50;

/** A record with the responses that are its choices, all of them ended. */
type StoredChat = { record: ChatCompletionRecord; snapshots: JobSnapshot[] };

type ChatRun = Pick<Run, 'job' | 'warnings'>;

/** Chat completions of `store: true`. Their content stays in their responses: the record names these and holds the metadata. */
export type StoredChats = {
  /** Before the responses are queued, so that none is left out. One that is kept already stays as it is. */
  save(runs: readonly ChatRun[], metadata: ChatCompletionRecord['metadata']): Promise<void>;
  /** Takes back what `save` kept of responses that were not queued. */
  forget(runs: readonly ChatRun[]): Promise<void>;
  /** @throws ServiceError `not_found` for another's as for none, `conflict` while it runs */
  find(id: string, caller: Caller): Promise<StoredChat>;
  /** Of a record, whether its responses have ended or not; those that are left. @throws ServiceError `not_found` */
  responses(id: string, caller: Caller): Promise<JobSnapshot[]>;
  /** A page of those that have ended and match. */
  list(
    caller: Caller,
    query: ChatCompletionsQuery,
    options: { signal: AbortSignal },
  ): Promise<{ chats: StoredChat[]; hasMore: boolean }>;
  setMetadata(chat: StoredChat, metadata: ChatCompletionRecord['metadata']): Promise<StoredChat>;
};

export function createStoredChats({ records, queue }: { records: RecordStore; queue: JobQueue }): StoredChats {
  const recordOf = async (id: string, caller: Caller): Promise<ChatCompletionRecord> => {
    const stored = chatCompletionId.test(id) ? await records.get(keyOf(id)) : undefined;
    const record = stored === undefined ? undefined : ChatCompletionRecord.parse(stored);
    if (record === undefined || record.owner !== caller.owner) throw chatNotFound(id);
    return record;
  };
  const snapshotsOf = async ({ responses }: ChatCompletionRecord): Promise<Array<JobSnapshot | undefined>> =>
    Promise.all(responses.map((id) => queue.get(id)));

  return {
    async save(runs, metadata) {
      const record = recordOfRuns(runs, metadata);
      await records.set(listingKey(kind, record), {});
      const { responses } = record;
      // A repeated request may have run anew for some of its answers.
      await records.update(keyOf(record.id), (kept) =>
        kept === undefined ? record : { ...ChatCompletionRecord.parse(kept), responses },
      );
    },
    async forget(runs) {
      await removeRecord(records, recordOfRuns(runs, {}));
    },
    async find(id, caller) {
      const record = await recordOf(id, caller);
      const snapshots = await snapshotsOf(record);
      const chat = endedChat(record, snapshots);
      if (chat !== undefined) return chat;
      if (snapshots.some((snapshot) => snapshot === undefined || snapshot.status === 'failed')) throw chatNotFound(id);
      throw stillRuns(`The chat completion '${id}'`, 'id');
    },
    async responses(id, caller) {
      const snapshots = await snapshotsOf(await recordOf(id, caller));
      return snapshots.filter((snapshot) => snapshot !== undefined);
    },
    async list(caller, query, { signal }) {
      const { limit = 20, order = 'asc', after } = query;
      const newestFirst = await listedOf(records, kind, caller);
      const listed = order === 'asc' ? newestFirst.toReversed() : newestFirst;
      const start = after === undefined ? 0 : listed.findIndex(({ id }) => id === after) + 1;
      const chats: StoredChat[] = [];
      for (let at = start; at < listed.length && chats.length <= limit && !signal.aborted; at += stepSize) {
        const step = listed.slice(at, at + stepSize);
        const stored = await Promise.all(step.map(({ id }) => records.get(keyOf(id))));
        for (const value of stored) {
          const record = value === undefined ? undefined : ChatCompletionRecord.parse(value);
          if (record === undefined || record.owner !== caller.owner || !matches(record, query)) continue;
          const chat = endedChat(record, await snapshotsOf(record));
          if (chat !== undefined) chats.push(chat);
          if (chats.length > limit) break;
        }
      }
      return { chats: chats.slice(0, limit), hasMore: chats.length > limit };
    },
    async setMetadata({ record, snapshots }, metadata) {
      await records.update(keyOf(record.id), (kept) =>
        kept === undefined ? undefined : { ...ChatCompletionRecord.parse(kept), metadata },
      );
      return { record: { ...record, metadata }, snapshots };
    },
  };
}

/** As it was answered when it was made; thoughts as far as this reader may see them. */
export function storedChatCompletion({ record, snapshots }: StoredChat, { scopes }: Caller): StoredChatCompletion {
  const settled = snapshots.map((snapshot) => {
    const response = responseView(snapshot, scopes);
    return { response, thoughts: shownThoughts(response) };
  });
  const runs = snapshots.map(({ job }) => ({ job, warnings: record.warnings }));
  return { ...chatCompletion(runs, settled), metadata: record.metadata };
}

/** The messages of its request. */
export function storedChatMessages({ record, snapshots }: StoredChat, { scopes }: Caller): StoredChatMessage[] {
  const [first] = snapshots;
  const input = first === undefined ? [] : responseJob(first.job).request.input;
  const items = typeof input === 'string' ? [] : visibleItems(input, scopes);
  return messagesOfItems(items).map((message, index) => ({ id: `${record.id}-${index}`, ...message }));
}

/** A chat completion goes with the response that it is called after. */
export async function removeChatCompletionsOf(
  records: RecordStore,
  responses: readonly { id: string }[],
): Promise<void> {
  for (const { id } of responses) {
    const stored = await records.get(keyOf(completionId(id)));
    if (stored !== undefined) await removeRecord(records, ChatCompletionRecord.parse(stored));
  }
}

/** Removes records made before `oldest`, epoch ms, whose responses are gone: a process may have died between the two. */
export async function sweepChatCompletions(
  { records, existing }: { records: RecordStore; existing(ids: readonly string[]): Promise<ReadonlySet<string>> },
  oldest: number,
): Promise<void> {
  const listed = (await records.keys(listedPrefix(kind))).map(parseListing);
  const old: { key: string; id: string; first: string | undefined }[] = [];
  for (const { key, id, created_at } of listed) {
    if (created_at >= oldest) continue;
    const record = ChatCompletionRecord.safeParse(await records.get(keyOf(id))).data;
    old.push({ key, id, first: record?.responses[0] });
  }
  const there = await existing(old.flatMap(({ first }) => first ?? []));
  for (const { key, id, first } of old) {
    if (first !== undefined && there.has(first)) continue;
    await records.remove(keyOf(id));
    await records.remove(key);
  }
}

async function removeRecord(records: RecordStore, record: ChatCompletionRecord): Promise<void> {
  await records.remove(keyOf(record.id));
  await records.remove(listingKey(kind, record));
}

function recordOfRuns(runs: readonly ChatRun[], metadata: ChatCompletionRecord['metadata']): ChatCompletionRecord {
  const [first] = runs;
  if (first === undefined) throw new Error('a completion has a run at least');
  const { id, owner, createdAt: created_at, model } = first.job;
  const responses = runs.map(({ job }) => job.id);
  return { id: completionId(id), owner, created_at, model, metadata, responses, warnings: [...first.warnings] };
}

function endedChat(
  record: ChatCompletionRecord,
  snapshots: ReadonlyArray<JobSnapshot | undefined>,
): StoredChat | undefined {
  const ended = snapshots.filter((snapshot) => snapshot?.terminal !== undefined && snapshot.status !== 'failed');
  const chat = { record, snapshots: ended.filter((snapshot) => snapshot !== undefined) };
  return chat.snapshots.length === record.responses.length ? chat : undefined;
}

function matches(record: ChatCompletionRecord, { model, metadata }: ChatCompletionsQuery): boolean {
  if (model !== undefined && record.model !== model) return false;
  return Object.entries(metadata ?? {}).every(([key, value]) => record.metadata[key] === value);
}

function chatNotFound(id: string): ServiceError {
  const message = `There is no stored chat completion '${id.slice(0, 128)}'.`;
  return new ServiceError({ code: 'not_found', message, param: 'id' });
}
