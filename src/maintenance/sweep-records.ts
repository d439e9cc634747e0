import {
  conversationKey,
  indexConversation,
  lastUse,
  marksOf,
  removeConversation,
  removeStaleCards,
} from '../api/conversations/conversation-index.ts';
import { conversationIdOf, keepResponseItems } from '../api/conversations/conversations.ts';
import { idempotencyPrefix } from '../api/middleware/idempotency.ts';
import { countEnded, isOver } from '../api/protocols/batches/batch-view.ts';
import { removeChatCompletionsOf, sweepChatCompletions } from '../api/protocols/chat-completions/stored-chats.ts';
import { removeFeedbackOf, responsesOfFeedback } from '../api/protocols/feedback-keys.ts';
import { listedPrefix, parseListing } from '../api/protocols/record-listing.ts';
import { forgetReaders, readersPrefix } from '../api/responses/response-readers.ts';
import { BatchRecord } from '../contracts/protocols/batch.ts';
import { ConversationRecord } from '../contracts/responses/conversation.ts';
import { ResponseJob } from '../contracts/responses/response-job.ts';
import { ServiceError } from '../contracts/service/service-error.ts';
import type { JobQueue } from '../core/job-queue.ts';
import type { RecordStore } from '../core/record-store.ts';
import type { BullmqQueue } from '../queue/responses/bullmq-queue.ts';

const hourMs = 3_600_000;
const dayMs = 86_400_000;

/**
 * Removes feedback and stored chat completions together with their expired responses, stored answers for
 * Idempotency-Keys, and, after the same retention, files and batches (from their creation) and conversations (from the
 * day of their last use).
 */
export function sweepRecords(options: {
  queue: JobQueue & Pick<BullmqQueue, 'existing' | 'onExpiring' | 'onRemoved'>;
  records: RecordStore;
  /** The same as that of responses. */
  retentionMs: number;
  now(): number;
  onError(error: unknown): void;
}): { close(): void; swept: Promise<void> } {
  const { queue, records, retentionMs, now, onError } = options;
  queue.onExpiring(async (job) => {
    const conversation = ResponseJob.safeParse(job.body).data?.request.conversation;
    if (!conversation) return;
    // An API process that died before the response ended has not added it to the conversation.
    const kept = { id: conversationIdOf(conversation), responseId: job.id, gone: true };
    await keepResponseItems({ queue, records }, kept).catch((error: unknown) => {
      if (error instanceof ServiceError && error.code === 'backend_unavailable') throw error;
      onError(error);
    });
  });
  queue.onRemoved(async (jobs) => {
    await removeFeedbackOf(records, jobs);
    await removeChatCompletionsOf(records, jobs);
    await forgetReaders(records, jobs);
  });
  let closed = false;
  /** Responses that feedback is about and that were not there at the last sweep. */
  let missing = new Set<string>();
  const sweep = async () => {
    missing = await removeOrphanedFeedback({ queue, records, missing });
    await removeOrphanedReaders({ queue, records });
    await removeListed({ queue, records }, now() - retentionMs);
    await sweepChatCompletions({ records, existing: queue.existing }, now() - retentionMs);
    await listOlderConversations({ records, now });
    await removeConversations(records, now() - retentionMs);
    const oldest = Math.floor(now() / dayMs) - 1;
    for (const key of await records.keys(idempotencyPrefix)) {
      if (Number(key.split(':')[1]) < oldest) await records.remove(key);
    }
  };
  const timer = setInterval(() => {
    sweep().catch(onError);
  }, hourMs);
  timer.unref();
  const swept = sweep().catch((error: unknown) => {
    if (!closed) onError(error);
  });
  return {
    swept,
    close() {
      closed = true;
      clearInterval(timer);
    },
  };
}

/**
 * Removes feedback on responses that no longer exist: a process may have died, or the record store been down, after they were
 * removed. An import writes feedback before the responses, so only those that were missing at the last sweep as well count.
 * @returns the responses that are missing now
 */
async function removeOrphanedFeedback({
  queue,
  records,
  missing,
}: {
  queue: Pick<BullmqQueue, 'existing'>;
  records: RecordStore;
  missing: ReadonlySet<string>;
}): Promise<Set<string>> {
  const responses = await responsesOfFeedback(records);
  const existing = await queue.existing(responses.map(({ id }) => id));
  const gone = responses.filter(({ id }) => !existing.has(id));
  const orphaned = gone.filter(({ id }) => missing.has(id));
  if (orphaned.length > 0) await removeFeedbackOf(records, orphaned);
  return new Set(gone.map(({ id }) => id));
}

/** Removes what is kept of the readers of responses that no longer exist, where a process died before it removed that. */
async function removeOrphanedReaders({
  queue,
  records,
}: {
  queue: Pick<BullmqQueue, 'existing'>;
  records: RecordStore;
}): Promise<void> {
  const ids = (await records.keys(readersPrefix)).map((key) => key.slice(readersPrefix.length + 1));
  const existing = await queue.existing(ids);
  await forgetReaders(
    records,
    ids.filter((id) => !existing.has(id)).map((id) => ({ id })),
  );
}

/** Removes those created before `oldest`, epoch ms. A running batch stays until it has ended. */
async function removeListed(
  { queue, records }: { queue: Pick<BullmqQueue, 'get'>; records: RecordStore },
  oldest: number,
): Promise<void> {
  for (const kind of ['files', 'batches'] as const) {
    for (const { key, id, created_at } of (await records.keys(listedPrefix(kind))).map(parseListing)) {
      if (created_at * 1000 >= oldest) continue;
      if (kind === 'batches') {
        const batch = BatchRecord.safeParse(await records.get(`batches:${id}`)).data;
        if (batch && !batch.starting && !isOver(batch, await countEnded(queue, batch))) continue;
      }
      await records.remove(`${kind}:${id}`);
      await records.remove(`${kind === 'files' ? 'file-contents' : 'batch-inputs'}:${id}`);
      await records.remove(key);
    }
  }
}

/** Marks of earlier versions for the days (UTC) on which a conversation was used, `conversations-used:<day>:<id>`. */
const olderMarks = 'conversations-used';

/**
 * Conversations of a version without a list per owner. If their last use was not recorded, their retention starts now.
 */
async function listOlderConversations({ records, now }: { records: RecordStore; now(): number }): Promise<void> {
  const older = await records.keys(olderMarks);
  const days = new Map<string, number>();
  for (const key of older) {
    const [, day, id = ''] = key.split(':');
    days.set(id, Math.max(Number(day), days.get(id) ?? 0));
  }
  const listed = new Set((await marksOf(records, undefined)).map(({ id }) => id));
  for (const key of await records.keys('conversations')) {
    const id = key.slice('conversations:'.length);
    if (listed.has(id)) continue;
    const record = ConversationRecord.safeParse(await records.get(key)).data;
    if (record === undefined) continue;
    const day = days.get(id);
    const updatedAt = record.updatedAt ?? (day === undefined ? now() : Math.min(now(), (day + 1) * dayMs));
    await records.update(key, (value) => (value === undefined ? undefined : { ...Object(value), updatedAt }));
    await indexConversation(records, { ...record, updatedAt });
  }
  for (const key of older) await records.remove(key);
}

/** Removes those last used before `oldest`, epoch ms. */
async function removeConversations(records: RecordStore, oldest: number): Promise<void> {
  for (const { id, at, keys } of await marksOf(records, undefined)) {
    if (at >= oldest) continue;
    const record = ConversationRecord.safeParse(await records.get(conversationKey(id))).data;
    // It was used since the marks were read, so it stays.
    if (record !== undefined && lastUse(record) >= oldest) continue;
    if (record !== undefined) await removeConversation(records, record);
    else for (const key of keys) await records.remove(key);
  }
  await removeStaleCards(records);
}
