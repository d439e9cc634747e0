import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { ServiceError } from '../contracts/service-error.ts';
import type { RecordStore } from './record-store.ts';
import { createRedisSwap } from './redis-swap.ts';

/** Writes ARGV[2] where what stands there still has the hash ARGV[1] ('' for nothing): a record may have megabytes. */
const swap = `
local current = redis.call('get', KEYS[1])
if (current and redis.sha1hex(current) or '') ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[2])
return 1`;

const message = 'The store of records does not answer.';

/** Records as keys of one Redis or cluster: `<base>:<key>`. `close` is the connection's owner's as well. */
export function createRedisRecords({ redis, base }: { redis: Redis | Cluster; base: string }): RecordStore {
  const full = (key: string) => `${base}:${key}`;
  const get = (key: string) => redis.get(full(key));
  return {
    async get(key) {
      const text = await reach(get(key));
      return text === null ? undefined : JSON.parse(text);
    },
    async set(key, value) {
      await reach(redis.set(full(key), JSON.stringify(value)));
    },
    update: createRedisSwap({
      read: get,
      swap: async (key, before, after) =>
        (await redis.eval(swap, 1, full(key), before === null ? '' : sha1(before), after)) === 1,
      message,
    }),
    async keys(prefix) {
      const pattern = `${full(prefix).replace(/[\\*?[\]]/g, '\\$&')}:*`;
      const nodes = 'nodes' in redis ? redis.nodes('master') : [redis];
      const found = await reach(Promise.all(nodes.map((node) => scan(node, pattern))));
      return found.flat().map((key) => key.slice(base.length + 1));
    },
    remove: async (key) => (await reach(redis.unlink(full(key)))) === 1,
    close: async () => redis.disconnect(),
  };
}

async function scan(node: Redis, pattern: string): Promise<string[]> {
  const keys: string[] = [];
  for (let cursor: string | undefined = '0'; cursor !== undefined; ) {
    const [next, found]: [string, string[]] = await node.scan(cursor, 'MATCH', pattern, 'COUNT', 1_000);
    keys.push(...found);
    cursor = next === '0' ? undefined : next;
  }
  return keys;
}

async function reach<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (cause) {
    throw new ServiceError({ code: 'backend_unavailable', message, cause });
  }
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
