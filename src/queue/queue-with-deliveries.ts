import type { IQueueBackend } from 'bullmq';
import type { TerminalLines } from '../core/job-queue.ts';
import { createErrorReporter, type QueueLog } from './open-queues.ts';
import type { QueueSettings } from './queue-settings.ts';
import type { QueueConnection, QueueInstruments } from './responses/bullmq-parts.ts';
import { type BullmqQueue, createBullmqQueue } from './responses/bullmq-queue.ts';
import { createDeliveries, type Deliveries } from './webhooks/deliveries.ts';

export type QueueOptions = {
  terminalLines: TerminalLines;
  log: QueueLog;
  /** From the end of a stored response to its removal; default 30 days. */
  retentionMs?: number;
  settings?: Partial<QueueSettings>;
  instruments?: QueueInstruments;
};

/** The queue and its webhook deliveries on one connection. Closing the queue closes both. */
export async function createQueueWithDeliveries<B extends IQueueBackend, C>(
  openConnection: (onError: (error: Error) => void) => Promise<QueueConnection<B, C>>,
  { terminalLines, log, retentionMs, instruments, ...options }: QueueOptions,
): Promise<BullmqQueue & { deliveries: Deliveries }> {
  const settings = { ...(retentionMs !== undefined && { retentionMs }), ...options.settings };
  const onError = createErrorReporter(log);
  const connection = { ...(await openConnection(onError)), ...(instruments && { instruments }) };
  const queue = await createBullmqQueue({ connection, terminalLines, onError, settings });
  const deliveries = createDeliveries({ connection, queues: queue.queues, onError });
  return {
    ...queue,
    deliveries,
    async close() {
      await deliveries.close();
      await queue.close();
      await connection.close();
    },
  };
}
