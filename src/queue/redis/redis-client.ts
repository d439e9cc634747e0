import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisCommands } from './redis-scripts.ts';

/**
 * Sends all commands of one turn of the event loop with one system call. ioredis makes one call per command, and Redis
 * then replies to each separately, and syncs its AOF each time.
 */
export function gatherWrites(client: Redis): void {
  const send = client.sendCommand.bind(client);
  let gathering = false;
  client.sendCommand = (...sent) => {
    const { stream } = client;
    if (stream && !gathering) {
      gathering = true;
      stream.cork();
      // After the promises that this reply has settled, because the commands that follow from them belong to this turn.
      process.nextTick(() => {
        gathering = false;
        stream.uncork();
      });
    }
    return send(...sent);
  };
}

/** `redis://…` or `rediss://…` (TLS). A list contains nodes of one cluster; the other nodes are discovered. */
export type RedisAddress = string | readonly string[];

type ClientOptions = Pick<
  RedisOptions,
  'commandTimeout' | 'maxRetriesPerRequest' | 'lazyConnect' | 'retryStrategy' | 'enableOfflineQueue'
>;

/** A client that reconnects automatically. */
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
    // The nodes' own host names must be used, otherwise their certificates do not match.
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

/** In a cluster all keys must be in one slot, which the text between braces determines. */
export function clusterPrefix(address: RedisAddress, prefix: string): string {
  return typeof address === 'string' || /\{.+\}/.test(prefix) ? prefix : `{${prefix}}`;
}

/** The address for display: without user and password. */
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
