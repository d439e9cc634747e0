import type { Cluster, Redis } from 'ioredis';
import { createRedisSwap } from './redis-swap.ts';
import type { ChangeRecord } from './usage-ledger.ts';

/** Writes ARGV[2] where ARGV[1] still stands ('' for nothing), so that a change made in between is seen. */
const swap = `
local current = redis.call('get', KEYS[1])
if (current or '') ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1`;

/** An account that nobody touched for this long says nothing any more: its day is over and its responses have ended. */
const keptSeconds = 7 * 86_400;

/** Changes of one account over all processes. */
export function createRedisChange({ redis, prefix }: { redis: Redis | Cluster; prefix: string }): ChangeRecord {
  const name = (key: string) => `${prefix}-ledger:${key}`;
  return createRedisSwap({
    read: (key) => redis.get(name(key)),
    swap: async (key, before, after) =>
      (await redis.eval(swap, 1, name(key), before ?? '', after, String(keptSeconds))) === 1,
    message: 'The store of quotas does not answer.',
  });
}
