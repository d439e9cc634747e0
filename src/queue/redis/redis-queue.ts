import { createQueueWithDeliveries, type QueueOptions } from '../queue-with-deliveries.ts';
import type { RedisAddress } from './redis-client.ts';
import { openRedisConnection } from './redis-connection.ts';

/**
 * The queue on Redis, for any number of processes. `prefix` precedes every key; `url` may list nodes of a cluster.
 * @throws ServiceError `backend_unavailable`, with a one-line message, if Redis does not answer at the start
 */
export function createRedisQueue({
  url,
  prefix,
  ...options
}: QueueOptions & { url: RedisAddress; prefix: string }): ReturnType<typeof createQueueWithDeliveries> {
  return createQueueWithDeliveries((onError) => openRedisConnection({ url, prefix, onError }), options);
}
