import type { TerminalLines } from '../../core/job-queue.ts';
import { createErrorReporter, type QueueLog } from '../open-queues.ts';
import type { QueueSettings } from '../queue-settings.ts';
import type { QueueInstruments } from '../responses/bullmq-parts.ts';
import { type BullmqQueue, createBullmqQueue } from '../responses/bullmq-queue.ts';
import { createDeliveries, type Deliveries } from '../webhooks/deliveries.ts';
import { openEmbeddedConnection } from './embedded-connection.ts';

/**
 * The queue in this process, on PGlite in `<dataFolder>/queue`. API and worker share the one instance.
 * @throws ServiceError `backend_unavailable`, one line for people: the folder is in use, unwritable, or can't be opened
 */
export async function createEmbeddedQueue(options: {
  dataFolder: string;
  terminalLines: TerminalLines;
  log: QueueLog;
  /** From the end of a stored response to its removal; 30 days by default. */
  retentionMs?: number;
  settings?: Partial<QueueSettings>;
  instruments?: QueueInstruments;
}): Promise<BullmqQueue & { deliveries: Deliveries }> {
  const { dataFolder, terminalLines, log, retentionMs } = options;
  const settings = { ...(retentionMs !== undefined && { retentionMs }), ...options.settings };
  const onError = createErrorReporter(log);
  const connection = {
    ...(await openEmbeddedConnection({ dataFolder, onError })),
    ...(options.instruments && { instruments: options.instruments }),
  };
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
