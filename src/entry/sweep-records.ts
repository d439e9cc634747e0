import { removeFeedbackOf } from '../api/feedback-keys.ts';
import { idempotencyPrefix } from '../api/middleware/idempotent-creation.ts';
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
    const oldest = Math.floor(now() / dayMs) - 1;
    for (const key of await records.keys(idempotencyPrefix)) {
      if (Number(key.split(':')[1]) < oldest) await records.remove(key);
    }
  };
  const timer = setInterval(() => {
    sweep().catch(onError);
  }, hourMs);
  timer.unref();
  return { close: () => clearInterval(timer) };
}
