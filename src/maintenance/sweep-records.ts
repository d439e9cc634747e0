import { idempotencyPrefix } from '../api/middleware/idempotency.ts';
import { countEnded, isOver } from '../api/protocols/batches/batch-view.ts';
import { removeChatCompletionsOf, sweepChatCompletions } from '../api/protocols/chat-completions/stored-chats.ts';
import { removeFeedbackOf } from '../api/protocols/feedback-keys.ts';
import { listedPrefix, listingKey, parseListing } from '../api/protocols/record-listing.ts';
import { keepResponseItems, usedKey, usedPrefix } from '../api/responses/conversations.ts';
import { conversationIdOf } from '../api/responses/resolve-context.ts';
import { BatchRecord, FileRecord } from '../contracts/protocols/batch.ts';
import { ResponseJob } from '../contracts/responses/response-job.ts';
import { ServiceError } from '../contracts/service/service-error.ts';
import type { JobQueue } from '../core/job-queue.ts';
import type { RecordStore } from '../core/record-store.ts';
import type { BullmqQueue } from '../queue/responses/bullmq-queue.ts';

const hourMs = 3_600_000;
const dayMs = 86_400_000;

/**
 * What goes with responses whose time is over: feedback and stored chat completions. What goes by itself: answers kept for Idempotency-Keys; after the
 * responses' time files and batches, from when they were made, and conversations, from the day of their last use.
 */
export function sweepRecords(options: {
  queue: JobQueue & Pick<BullmqQueue, 'onExpiring' | 'onRemoved'>;
  records: RecordStore;
  /** As that of responses. */
  retentionMs: number;
  now(): number;
  onError(error: unknown): void;
}): { close(): void; swept: Promise<void> } {
  const { queue, records, retentionMs, now, onError } = options;
  queue.onExpiring(async (job) => {
    const conversation = ResponseJob.safeParse(job.body).data?.request.conversation;
    if (!conversation) return;
    // An API process that died before its end has not kept it.
    await keepResponseItems({ queue, records }, conversationIdOf(conversation), job.id).catch((error: unknown) => {
      if (error instanceof ServiceError && error.code === 'backend_unavailable') throw error;
      onError(error);
    });
  });
  queue.onRemoved(async (jobs) => {
    await removeFeedbackOf(records, jobs);
    await removeChatCompletionsOf(records, jobs);
  });
  let closed = false;
  const sweep = async () => {
    await records.reindex();
    await listOlder(records);
    await removeListed({ queue, records }, now() - retentionMs);
    await sweepChatCompletions({ queue, records }, now() - retentionMs);
    await removeConversations({ records, now }, now() - retentionMs);
    const oldest = Math.floor(now() / dayMs) - 1;
    for (const key of await records.keys(idempotencyPrefix)) {
      if (Number(key.split(':')[1]) < oldest) await records.remove(key);
    }
  };
  const timer = setInterval(() => {
    sweep().catch(onError);
  }, hourMs);
  timer.unref();
  // What an older version has left is in the lists before an hour is over.
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

/** Files and batches of a version that kept no list of each owner's. */
async function listOlder(records: RecordStore): Promise<void> {
  for (const kind of ['files', 'batches'] as const) {
    const listed = new Set((await records.keys(listedPrefix(kind))).map((key) => parseListing(key).id));
    for (const key of await records.keys(kind)) {
      if (listed.has(key.slice(kind.length + 1))) continue;
      const record = (kind === 'files' ? FileRecord : BatchRecord).safeParse(await records.get(key)).data;
      if (record !== undefined) await records.set(listingKey(kind, record), {});
    }
  }
}

/** Those made before `oldest`, epoch ms. A batch that still runs stays until it has ended. */
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

/** Those last used before the day of `oldest`, epoch ms. One whose use nobody wrote down has its time from now on. */
async function removeConversations(
  { records, now }: { records: RecordStore; now(): number },
  oldest: number,
): Promise<void> {
  const oldestDay = Math.floor(oldest / dayMs);
  const marks = (await records.keys(usedPrefix)).map((key) => {
    const [, day, id = ''] = key.split(':');
    return { key, id, day: Number(day) };
  });
  const lastUse = new Map<string, number>();
  for (const { id, day } of marks) lastUse.set(id, Math.max(day, lastUse.get(id) ?? 0));
  for (const key of await records.keys('conversations')) {
    const id = key.slice('conversations:'.length);
    const day = lastUse.get(id);
    if (day === undefined) await records.set(usedKey(id, now()), {});
    // Used since the marks were read: it stays.
    else if (day < oldestDay && (await records.get(usedKey(id, now()))) === undefined) await records.remove(key);
  }
  for (const { key, day } of marks) if (day < oldestDay) await records.remove(key);
}
