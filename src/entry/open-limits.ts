import { Redis } from 'ioredis';
import type { RecordStore } from '../store/record-store.ts';
import { createRedisChange } from '../store/redis-change.ts';
import { createRequestLimiter, type RequestLimiter } from '../store/request-limiter.ts';
import { createUsageLedger, type UsageLedger } from '../store/usage-ledger.ts';
import type { Environment } from './environment.ts';

export type Limits = { requestLimiter: RequestLimiter; ledger: UsageLedger; close(): void };

/** What counts the keys' limits: in Redis for all processes together, else in this one, its ledger among the records. */
export function openLimits(environment: Environment, records: RecordStore): Limits {
  const { REDIS_URL: url, REDIS_PREFIX: prefix } = environment;
  if (url === undefined) {
    return {
      requestLimiter: createRequestLimiter(),
      ledger: createUsageLedger({ change: records.update, now: Date.now }),
      close: () => undefined,
    };
  }
  const redis = new Redis(url, { maxRetriesPerRequest: 1, connectTimeout: 3_000, commandTimeout: 5_000 });
  // An outage is told by each command that fails.
  redis.on('error', () => undefined);
  return {
    requestLimiter: createRequestLimiter({ redis, prefix }),
    ledger: createUsageLedger({ change: createRedisChange({ redis, prefix }), now: Date.now }),
    close: () => redis.disconnect(),
  };
}
