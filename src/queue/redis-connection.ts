import { type ConnectionOptions, createRedisBackend, type RedisQueueBackend } from 'bullmq';
import { Redis } from 'ioredis';
import { ServiceError } from '../contracts/service-error.ts';
import type { QueueConnection } from './bullmq-parts.ts';
import { parseNotice } from './notices.ts';
import { clusterPrefix, createRedisClient, type RedisAddress, shownAddress } from './redis-client.ts';
import { createRedisDirectory } from './redis-directory.ts';
import type { RedisCommands } from './redis-script.ts';
import { createRedisStore } from './redis-store.ts';

export type RedisQueueConnection = QueueConnection<RedisQueueBackend, ConnectionOptions> & {
  /** For what BullMQ has no part in. */
  client: RedisCommands;
};

/**
 * Two ioredis clients: one for commands that fails within seconds when Redis is away, one for BullMQ's workers that waits
 * for its return. Both reconnect by themselves; `subscribe` opens one more.
 * @throws ServiceError `backend_unavailable` when Redis doesn't answer now
 */
export async function openRedisConnection(options: {
  url: RedisAddress;
  prefix: string;
  onError(error: Error): void;
}): Promise<RedisQueueConnection> {
  const { url, onError } = options;
  const prefix = clusterPrefix(url, options.prefix);
  await probe(url);
  const commands = createRedisClient(url, { maxRetriesPerRequest: 1, commandTimeout: 5_000 });
  // A worker that waits has no request to fail: BullMQ requires endless retries here.
  const blocking = createRedisClient(url, { maxRetriesPerRequest: null });
  for (const client of [commands, blocking]) client.on('error', onError);
  const channelOf = (base: string) => `${prefix}:${base}:notices`;
  return {
    mode: 'redis',
    factory: createRedisBackend,
    client: commands,
    commands,
    blocking,
    prefix,
    store: (queue, base) => createRedisStore(commands, { prefix, queue, channel: channelOf(base) }),
    directory: (base) => createRedisDirectory(commands, { prefix, base }),
    async subscribe(base, onNotice) {
      const client = createRedisClient(url, { maxRetriesPerRequest: null });
      client.on('error', onError);
      client.on('message', (_channel: string, text: string) => onNotice(parseNotice(text)));
      await client.subscribe(channelOf(base));
      // After an outage it subscribes again by itself, but nobody has kept what was told meanwhile.
      client.on('ready', () => onNotice({ type: 'missed' }));
      return { close: async () => client.disconnect() };
    },
    async close() {
      for (const client of [commands, blocking]) client.disconnect();
    },
  };
}

/** One connection attempt and one PING, so that a wrong address is told at the start and not retried for ever. */
async function probe(url: RedisAddress): Promise<void> {
  let client: RedisCommands | undefined;
  let reason: unknown;
  try {
    client =
      typeof url === 'string'
        ? new Redis(url, { ...once, connectTimeout: 3_000, retryStrategy: () => null })
        : createRedisClient(url, { ...once, retryStrategy: () => null });
    client.on('error', (error: unknown) => {
      reason ??= error;
    });
    await client.connect();
    await client.ping();
  } catch (error) {
    const cause = reason ?? error;
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new ServiceError({
      code: 'backend_unavailable',
      message: `Redis at ${shownAddress(url)} is not reachable: ${detail}`,
      cause,
    });
  } finally {
    client?.disconnect();
  }
}

const once = { lazyConnect: true, commandTimeout: 3_000, maxRetriesPerRequest: 0 };
