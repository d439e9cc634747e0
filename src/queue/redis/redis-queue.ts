import type { TerminalLines } from '../../core/job-queue.ts';
import { createErrorReporter, type QueueLog } from '../open-queues.ts';
import type { QueueSettings } from '../queue-settings.ts';
import type { QueueInstruments } from '../responses/bullmq-parts.ts';
import { type BullmqQueue, createBullmqQueue } from '../responses/bullmq-queue.ts';
import { createDeliveries, type Deliveries } from '../webhooks/deliveries.ts';
import type { RedisAddress } from './redis-client.ts';
import { openRedisConnection } from './redis-connection.ts';

/**
 * The queue on Redis, for any number of processes. `prefix` comes before every key.
 * @throws ServiceError `backend_unavailable`, one line for people, when Redis doesn't answer at the start
 */
export async function createRedisQueue(options: {
  /** A list names nodes of a cluster. */
  url: RedisAddress;
  prefix: string;
  terminalLines: TerminalLines;
  log: QueueLog;
  /** From the end of a stored response to its removal; 30 days by default. */
  retentionMs?: number;
  settings?: Partial<QueueSettings>;
  instruments?: QueueInstruments;
}): Promise<BullmqQueue & { deliveries: Deliveries }> {
  const { url, prefix, terminalLines, log, retentionMs } = options;
  const settings = { ...(retentionMs !== undefined && { retentionMs }), ...options.settings };
  const onError = createErrorReporter(log);
  const connection = {
    ...(await openRedisConnection({ url, prefix, onError })),
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
