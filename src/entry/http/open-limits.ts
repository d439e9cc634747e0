import type { RecordStore } from '../../core/record-store.ts';
import { clusterPrefix, createRedisClient } from '../../queue/redis/redis-client.ts';
import { createRedisChange } from '../../store/redis-swap.ts';
import { createRequestLimiter, type RequestLimiter } from '../../store/request-limiter.ts';
import { createUsageLedger, type UsageLedger } from '../../store/usage-ledger.ts';
import type { Environment } from '../environment.ts';
import { redisAddress } from '../open-queue.ts';

export type Limits = { requestLimiter: RequestLimiter; ledger: UsageLedger; close(): void };

/** What counts the keys' limits: in Redis for all processes together, else in this one, its ledger among the records. */
export function openLimits(environment: Environment, records: RecordStore): Limits {
  const { REDIS_PREFIX } = environment;
  const url = redisAddress(environment);
  if (url === undefined) {
    return {
      requestLimiter: createRequestLimiter(),
      ledger: createUsageLedger({ change: records.update, now: Date.now }),
      close: () => undefined,
    };
  }
  const prefix = clusterPrefix(url, REDIS_PREFIX);
  const redis = createRedisClient(url, { maxRetriesPerRequest: 1, commandTimeout: 5_000 });
  // An outage is told by each command that fails.
  redis.on('error', () => undefined);
  return {
    requestLimiter: createRequestLimiter({ redis, prefix }),
    ledger: createUsageLedger({ change: createRedisChange({ redis, prefix }), now: Date.now }),
    close: () => redis.disconnect(),
  };
}
