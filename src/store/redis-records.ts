import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { ServiceError } from '../contracts/service/service-error.ts';
import type { RecordStore } from '../core/record-store.ts';
import { createRedisSwap } from './redis-swap.ts';

/** Each script has the record as KEYS[1], the index of all keys as KEYS[2] and the key as ARGV[1]. */
const scripts = {
  set: `
redis.call('set', KEYS[1], ARGV[2])
redis.call('zadd', KEYS[2], 0, ARGV[1])
return 1`,
  /**
   * Writes ARGV[2] if the current value has the hash ARGV[3] ('' for no value); a hash, because a record may have
   * megabytes.
   */
  swap: `
local current = redis.call('get', KEYS[1])
if (current and redis.sha1hex(current) or '') ~= ARGV[3] then return 0 end
redis.call('set', KEYS[1], ARGV[2])
redis.call('zadd', KEYS[2], 0, ARGV[1])
return 1`,
  remove: `
redis.call('zrem', KEYS[2], ARGV[1])
return redis.call('unlink', KEYS[1])`,
};

const message = 'The record store is not responding.';

/**
 * Records as keys of a Redis or cluster, `<base>:<key>`, with all keys in one sorted set, so that a list reads only
 * what it returns and not the whole keyspace with its jobs. `close` closes the connection.
 */
export function createRedisRecords({ redis, base }: { redis: Redis | Cluster; base: string }): RecordStore {
  const full = (key: string) => `${base}:${key}`;
  const index = `${base}-index`;
  const get = (key: string) => redis.get(full(key));
  const run = (name: keyof typeof scripts, key: string, ...values: string[]) =>
    redis.eval(scripts[name], 2, full(key), index, key, ...values);
  return {
    async get(key) {
      const text = await reach(get(key));
      return text === null ? undefined : JSON.parse(text);
    },
    async set(key, value) {
      await reach(run('set', key, JSON.stringify(value)));
    },
    update: createRedisSwap({
      read: get,
      swap: async (key, before, after) => (await run('swap', key, after, before === null ? '' : sha1(before))) === 1,
      message,
    }),
    // ';' is the character after ':'.
    keys: (prefix) => reach(redis.zrangebylex(index, `[${prefix}:`, `(${prefix};`)),
    remove: async (key) => (await reach(run('remove', key))) === 1,
    close: async () => redis.disconnect(),
  };
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
