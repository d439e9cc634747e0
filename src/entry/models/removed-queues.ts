import type { Logger } from 'pino';
import { waitAtMost } from '../../core/deadlines.ts';
import type { Consumer } from '../../core/job-queue.ts';
import type { BullmqQueue } from '../../queue/responses/bullmq-queue.ts';
import type { AddedModelList } from '../../store/added-models.ts';

/** A worker's part in ending the jobs of removed models. */
export type RemovedQueues = {
  /** Fails the jobs that wait for a removed model and were created before `createdBefore` (epoch ms). Never rejects. */
  sweep(removed: AddedModelList['removed'], createdBefore: number): Promise<void>;
  /** Stops serving the queue of a removed model whose id is used again. */
  release(id: string): Promise<void>;
};

/** ms */
const sweepMs = 2_000;
/** A process that does not know yet that a model was removed may still accept a response for it. ms */
const sweptMs = 3_600_000;

/** The error message of a response that waited for a removed model. */
export const removedReason = (id: string): string =>
  `The model '${id}' was removed from this service before the response could run.`;

export function createRemovedQueues(options: {
  queue: Pick<BullmqQueue, 'endWaiting'>;
  consumer: Pick<Consumer, 'serve' | 'leave'>;
  /** Whether responses of this removed model still run here. */
  isLeaving(id: string): boolean;
  now(): number;
  log: Logger;
}): RemovedQueues {
  const { queue, consumer, isLeaving, now, log } = options;
  /** Removed models whose queues are served only to end the jobs of a dead worker. */
  const retired = new Set<string>();
  const swept = new Set<string>();
  let sweeping: Promise<void> | undefined;

  const sweepEach = async (removed: AddedModelList['removed'], createdBefore: number): Promise<void> => {
    for (const { id, at } of removed) {
      if (swept.has(id) && !retired.has(id) && now() - at > sweptMs) continue;
      const held = await queue.endWaiting(id, { reason: removedReason(id), createdBefore });
      swept.add(id);
      if (isLeaving(id)) continue;
      if (held > 0 && !retired.has(id)) {
        retired.add(id);
        await consumer.serve(id, { announce: false });
      } else if (held === 0) await release(id);
    }
  };

  const release = async (id: string): Promise<void> => {
    if (retired.delete(id)) await consumer.leave(id);
  };

  return {
    async sweep(removed, createdBefore) {
      sweeping ??= sweepEach(removed, createdBefore)
        .catch((error: unknown) => log.debug({ err: error }, 'removed models not swept'))
        .finally(() => {
          sweeping = undefined;
        });
      // Many jobs may wait for a removed model; other changes don't wait for them.
      await waitAtMost(sweeping, sweepMs);
    },
    release,
  };
}
