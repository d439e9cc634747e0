import { removeFeedbackOf } from '../api/feedback-keys.ts';
import { idempotencyPrefix } from '../api/middleware/idempotent-creation.ts';
import { listedPrefix, listingKey, parseListing } from '../api/translations/record-listing.ts';
import { BatchRecord, FileRecord } from '../contracts/batch.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { OpenedQueue } from './open-queue.ts';

const hourMs = 3_600_000;
const dayMs = 86_400_000;

/** What goes with responses whose time is over, or goes by itself: feedback, and answers kept for Idempotency-Keys. */
export function sweepRecords(options: {
  queue: Pick<OpenedQueue, 'onRemoved'>;
  records: RecordStore;
  now(): number;
  onError(error: unknown): void;
}): { close(): void } {
  const { queue, records, now, onError } = options;
  queue.onRemoved((jobs) => removeFeedbackOf(records, jobs));
  const sweep = async () => {
    await records.reindex();
    await listOlder(records);
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
  sweep().catch(onError);
  return { close: () => clearInterval(timer) };
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
