import { createQueueWithDeliveries, type QueueOptions } from '../queue-with-deliveries.ts';
import { openEmbeddedConnection } from './embedded-connection.ts';

/**
 * The queue in this process, on PGlite in `<dataFolder>/queue`. API and worker share this instance.
 * @throws ServiceError `backend_unavailable`, with a one-line message: the folder is in use, unwritable, or cannot be
 * opened
 */
export function createEmbeddedQueue({
  dataFolder,
  ...options
}: QueueOptions & { dataFolder: string }): ReturnType<typeof createQueueWithDeliveries> {
  return createQueueWithDeliveries((onError) => openEmbeddedConnection({ dataFolder, onError }), options);
}
