import type { Logger } from 'pino';
import { terminalLines } from '../contracts/responses/terminal-lines.ts';
import { createEmbeddedQueue } from '../queue/embedded/embedded-queue.ts';
import type { RedisAddress } from '../queue/redis/redis-client.ts';
import { createRedisQueue } from '../queue/redis/redis-queue.ts';
import type { QueueInstruments } from '../queue/responses/bullmq-parts.ts';
import type { BullmqQueue } from '../queue/responses/bullmq-queue.ts';
import type { Deliveries } from '../queue/webhooks/deliveries.ts';
import type { Environment } from './environment.ts';

export type OpenedQueue = BullmqQueue & { deliveries: Deliveries };

/** How long a worker may be away before requests for its models are refused: long enough for a restart. ms */
const absentModelMs = 600_000;

/** The queue of the environment's mode. @throws ServiceError `backend_unavailable`, in one line */
export function openQueue(
  environment: Environment,
  { log, instruments }: { log: Logger; instruments: QueueInstruments },
): Promise<OpenedQueue> {
  const retentionMs = environment.THINKFIRST_RETENTION_DAYS * 86_400_000;
  const { REDIS_PREFIX: prefix, THINKFIRST_DATA: dataFolder } = environment;
  const url = redisAddress(environment);
  const settings = {
    maxWaiting: environment.THINKFIRST_QUEUE_LIMIT,
    maxWaitingOfKey: Math.ceil(environment.THINKFIRST_QUEUE_LIMIT / 4),
    absentModelMs,
  };
  return url === undefined
    ? createEmbeddedQueue({ dataFolder, terminalLines, retentionMs, settings, log, instruments })
    : createRedisQueue({ url, prefix, terminalLines, retentionMs, settings, log, instruments });
}

/** One server, the nodes of a cluster, or none: then all is in this process. */
export function redisAddress({ REDIS_URL, REDIS_CLUSTER }: Environment): RedisAddress | undefined {
  return REDIS_CLUSTER === undefined ? REDIS_URL : REDIS_CLUSTER.split(',').map((node) => node.trim());
}
