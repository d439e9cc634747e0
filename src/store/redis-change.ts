import type { Cluster, Redis } from 'ioredis';
import { ServiceError } from '../contracts/service-error.ts';
import type { ChangeRecord } from './usage-ledger.ts';

/** Writes ARGV[2] where ARGV[1] still stands ('' for nothing), so that a change made in between is seen. */
const swap = `
local current = redis.call('get', KEYS[1])
if (current or '') ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1`;

/** An account that nobody touched for this long says nothing any more: its day is over and its responses have ended. */
const keptSeconds = 7 * 86_400;
/** Each try fails only because another one succeeded. */
const mostTries = 200;

/** Changes of one record over all processes, by compare and swap; those of this process wait for each other. */
export function createRedisChange({ redis, prefix }: { redis: Redis | Cluster; prefix: string }): ChangeRecord {
  const changing = new Map<string, Promise<void>>();

  const apply = async (key: string, change: (value: unknown) => unknown): Promise<void> => {
    const name = `${prefix}-ledger:${key}`;
    for (let tries = 0; tries < mostTries; tries += 1) {
      const before = await redis.get(name);
      const changed = change(before === null ? undefined : JSON.parse(before));
      if (changed === undefined) return;
      const written = await redis.eval(swap, 1, name, before ?? '', JSON.stringify(changed), String(keptSeconds));
      if (written === 1) return;
    }
    throw new Error('the record changes too often');
  };

  return async (key, change) => {
    const run = async () => {
      try {
        await apply(key, change);
      } catch (cause) {
        const message = 'The store of quotas does not answer.';
        throw new ServiceError({ code: 'backend_unavailable', message, cause });
      }
    };
    const mine = (changing.get(key) ?? Promise.resolve()).then(run, run);
    changing.set(key, mine);
    try {
      await mine;
    } finally {
      if (changing.get(key) === mine) changing.delete(key);
    }
  };
}
