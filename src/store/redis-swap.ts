import type { Cluster, Redis } from 'ioredis';
import { ServiceError } from '../contracts/service/service-error.ts';
import { createTurns } from '../core/in-turn.ts';
import type { ChangeRecord } from './usage-ledger.ts';

/** Writes ARGV[2] if the value is still ARGV[1] ('' for no value), so that a concurrent change is noticed. */
const swap = `
local current = redis.call('get', KEYS[1])
if (current or '') ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1`;

/** An account that was not changed for this long is no longer needed: its day is over and its responses have ended. */
const keptSeconds = 7 * 86_400;

/** Changes one account across all processes. */
export function createRedisChange({ redis, prefix }: { redis: Redis | Cluster; prefix: string }): ChangeRecord {
  const name = (key: string) => `${prefix}-ledger:${key}`;
  return createRedisSwap({
    read: (key) => redis.get(name(key)),
    swap: async (key, before, after) =>
      (await redis.eval(swap, 1, name(key), before ?? '', after, String(keptSeconds))) === 1,
    message: 'The quota store is not responding.',
  });
}

/** A try fails only if another one succeeded. */
const mostTries = 200;

/**
 * Changes one value across all processes, by compare and swap; changes in this process take turns.
 * @throws what `change` throws; ServiceError `backend_unavailable` with `message` if Redis does not answer
 */
export function createRedisSwap(options: {
  read(key: string): Promise<string | null>;
  /** Writes `after` if the value is still `before`. False: it is not. */
  swap(key: string, before: string | null, after: string): Promise<boolean>;
  message: string;
}): ChangeRecord {
  const { read, swap, message } = options;
  const inTurn = createTurns();
  const reach = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (cause) {
      throw new ServiceError({ code: 'backend_unavailable', message, cause });
    }
  };
  return (key, change) =>
    inTurn(key, async () => {
      for (let tries = 0; tries < mostTries; tries += 1) {
        const before = await reach(read(key));
        const changed = change(before === null ? undefined : JSON.parse(before));
        if (changed === undefined) return;
        if (await reach(swap(key, before, JSON.stringify(changed)))) return;
      }
      throw new ServiceError({
        code: 'backend_unavailable',
        message: 'The record is being changed too often. Try again.',
      });
    });
}
