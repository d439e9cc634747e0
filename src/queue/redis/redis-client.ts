import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisCommands } from './redis-scripts.ts';

/**
 * Sends what one turn of the event loop says by one system call. ioredis makes one for each command, and Redis then answers,
 * and syncs its AOF, for each by itself.
 */
export function gatherWrites(client: Redis): void {
  const send = client.sendCommand.bind(client);
  let gathering = false;
  client.sendCommand = (...sent) => {
    const { stream } = client;
    if (stream && !gathering) {
      gathering = true;
      stream.cork();
      // After the promises that the same answer has settled: what they go on with belongs to this turn.
      process.nextTick(() => {
        gathering = false;
        stream.uncork();
      });
    }
    return send(...sent);
  };
}

/** `redis://…` or `rediss://…` (TLS); a list of them names nodes of one cluster, which tell of the others. */
export type RedisAddress = string | readonly string[];

type ClientOptions = Pick<
  RedisOptions,
  'commandTimeout' | 'maxRetriesPerRequest' | 'lazyConnect' | 'retryStrategy' | 'enableOfflineQueue'
>;

/** A client that reconnects by itself. */
export function createRedisClient(address: RedisAddress, options: ClientOptions = {}): RedisCommands {
  const shared = { ...common, ...options };
  if (typeof address !== 'string') return createRedisCluster(address, options);
  const client = new Redis(address, shared);
  gatherWrites(client);
  return client;
}

export function createRedisCluster(address: readonly string[], options: ClientOptions = {}): Cluster {
  const shared = { ...common, ...options };
  const nodes = address.map((node) => new URL(node));
  const [first] = nodes;
  const credentials = {
    ...(first?.username && { username: decodeURIComponent(first.username) }),
    ...(first?.password && { password: decodeURIComponent(first.password) }),
    ...(first?.protocol === 'rediss:' && { tls: {} }),
  };
  const clusterOptions = {
    redisOptions: { ...shared, ...credentials },
    clusterRetryStrategy: shared.retryStrategy,
    ...(options.lazyConnect === true && { lazyConnect: true }),
    // The nodes' own names must be used, or their certificates don't fit.
    ...(first?.protocol === 'rediss:' && {
      dnsLookup: (host: string, done: (error: null, address: string) => void) => done(null, host),
    }),
  };
  const cluster = new Cluster(
    nodes.map(({ hostname, port }) => ({ host: hostname, port: Number(port || 6379) })),
    clusterOptions,
  );
  cluster.on('+node', gatherWrites);
  return cluster;
}

/** In a cluster all keys must be in one slot: what is between braces decides it. */
export function clusterPrefix(address: RedisAddress, prefix: string): string {
  return typeof address === 'string' || /\{.+\}/.test(prefix) ? prefix : `{${prefix}}`;
}

/** Where it is, for people: no user, no password. */
export function shownAddress(address: RedisAddress): string {
  return (typeof address === 'string' ? [address] : address)
    .map((url) => {
      if (!URL.canParse(url)) return 'the given REDIS_URL';
      const { protocol, host, pathname } = new URL(url);
      return `${protocol}//${host}${pathname}`;
    })
    .join(', ');
}

const common = {
  connectTimeout: 3_000,
  retryStrategy: (attempt: number) => Math.min(50 * 2 ** attempt, 1_000),
} satisfies RedisOptions;
