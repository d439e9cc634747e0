import { type ConnectionOptions, createRedisBackend, type RedisQueueBackend } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import { ServiceError } from '../contracts/service-error.ts';
import type { QueueConnection } from './bullmq-parts.ts';
import { createRedisStore } from './redis-store.ts';

export type RedisQueueConnection = QueueConnection<RedisQueueBackend, ConnectionOptions>;

/**
 * Two ioredis clients: one for commands that fails within seconds when Redis is away, one for BullMQ's worker and
 * listener that waits for its return. Both reconnect by themselves.
 * @throws ServiceError `backend_unavailable` when Redis doesn't answer now
 */
export async function openRedisConnection(options: {
  url: string;
  prefix: string;
  onError(error: Error): void;
}): Promise<RedisQueueConnection> {
  const { url, prefix, onError } = options;
  await probe(url);
  const commands = new Redis(url, { ...common, maxRetriesPerRequest: 1, commandTimeout: 5_000 });
  // A blocked worker or listener has no request to fail: BullMQ requires endless retries here.
  const blocking = new Redis(url, { ...common, maxRetriesPerRequest: null });
  for (const client of [commands, blocking]) client.on('error', onError);
  return {
    mode: 'redis',
    factory: createRedisBackend,
    commands,
    blocking,
    prefix,
    store: (queue) => createRedisStore(commands, { prefix, queue }),
    async close() {
      for (const client of [commands, blocking]) client.disconnect();
    },
  };
}

const common = {
  connectTimeout: 3_000,
  retryStrategy: (attempt: number) => Math.min(50 * 2 ** attempt, 1_000),
} satisfies RedisOptions;

/** One connection attempt and one PING, so that a wrong address is told at the start and not retried for ever. */
async function probe(url: string): Promise<void> {
  let client: Redis | undefined;
  let reason: unknown;
  try {
    client = new Redis(url, {
      lazyConnect: true,
      connectTimeout: 3_000,
      commandTimeout: 3_000,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    client.on('error', (error) => {
      reason ??= error;
    });
    await client.connect();
    await client.ping();
  } catch (error) {
    const cause = reason ?? error;
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new ServiceError({
      code: 'backend_unavailable',
      message: `Redis at ${withoutCredentials(url)} is not reachable: ${detail}`,
      cause,
    });
  } finally {
    client?.disconnect();
  }
}

function withoutCredentials(url: string): string {
  if (!URL.canParse(url)) return 'the given REDIS_URL';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
