import { connect } from 'node:net';
import { type ConnectionOptions, createRedisBackend, type RedisQueueBackend } from 'bullmq';
import { Redis } from 'ioredis';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { QueueConnection } from '../responses/bullmq-parts.ts';
import { parseNotice } from '../responses/notices.ts';
import { clusterPrefix, createRedisClient, type RedisAddress, shownAddress } from './redis-client.ts';
import { createRedisDirectory } from './redis-directory.ts';
import type { RedisCommands } from './redis-scripts.ts';
import { createRedisStore } from './redis-store.ts';

type RedisQueueConnection = QueueConnection<RedisQueueBackend, ConnectionOptions> & {
  /** For commands that BullMQ is not involved in. */
  client: RedisCommands;
};

/**
 * Two ioredis clients: one for commands, which fails within seconds if Redis is down, and one for BullMQ's workers,
 * which waits for Redis to return. Both reconnect automatically; `subscribe` opens one more.
 * @throws ServiceError `backend_unavailable` if Redis does not answer now
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
  // A waiting worker has no request that could fail: BullMQ requires endless retries here.
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
      // After an outage it resubscribes automatically, but notices sent meanwhile are lost.
      client.on('ready', () => onNotice({ type: 'missed' }));
      return { close: async () => client.disconnect() };
    },
    async close() {
      for (const client of [commands, blocking]) client.disconnect();
    },
  };
}

/** One connection attempt and one PING, so that a wrong address is reported at the start instead of retried forever. */
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
    const detail = (await refusal(url)) ?? (cause instanceof Error ? cause.message : String(cause));
    throw new ServiceError({
      code: 'backend_unavailable',
      message: `Redis at ${shownAddress(url)} is not reachable: ${detail}`,
      cause,
    });
  } finally {
    client?.disconnect();
  }
}

/**
 * What the server sends to a new connection before it closes it (protected mode, too many clients). A client that
 * writes immediately sees only a broken pipe.
 */
async function refusal(url: RedisAddress): Promise<string | undefined> {
  const [address] = [url].flat();
  if (address === undefined || !URL.canParse(address)) return undefined;
  const { hostname, port } = new URL(address);
  const socket = connect({ host: hostname, port: Number(port || 6379), timeout: 1_000 });
  const hungUp = new Promise<void>((resolve) => socket.on('timeout', resolve).on('error', resolve).on('end', resolve));
  let said = '';
  socket.on('data', (chunk) => {
    said += chunk;
  });
  await hungUp;
  socket.destroy();
  // A protocol error, up to the advice: `-DENIED Redis is running in protected mode because …`
  return /^-(?:[A-Z]+ )?([^\r\n]{1,300}?)(?:\.\s|[\r\n])/.exec(said)?.[1];
}

const once = { lazyConnect: true, commandTimeout: 3_000, maxRetriesPerRequest: 0 };
