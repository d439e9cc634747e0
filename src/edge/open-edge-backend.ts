import { type ConnectionOptions, createRedisBackend, type RedisQueueBackend } from 'bullmq';
import { Redis } from 'ioredis';
import type { ApiLog } from '../api/dependencies.ts';
import { terminalLines } from '../contracts/responses/terminal-lines.ts';
import { waitAtMost } from '../core/deadlines.ts';
import type { JobQueue } from '../core/job-queue.ts';
import type { RecordStore } from '../core/record-store.ts';
import type { DeliveryLog } from '../core/webhooks.ts';
import { createRedisDirectory } from '../queue/redis/redis-directory.ts';
import { createRedisStore } from '../queue/redis/redis-store.ts';
import type { QueueConnection } from '../queue/responses/bullmq-parts.ts';
import { createBullmqQueue } from '../queue/responses/bullmq-queue.ts';
import type { JobDirectory } from '../queue/responses/job-directory.ts';
import { createDeliveries, type Deliveries } from '../queue/webhooks/deliveries.ts';
import { createRedisRecords } from '../store/redis-records.ts';
import { createRedisChange } from '../store/redis-swap.ts';
import { createRequestLimiter, type RequestLimiter } from '../store/request-limiter.ts';
import { createSealer, type Sealer } from '../store/sealer.ts';
import { createUsageLedger, type UsageLedger } from '../store/usage-ledger.ts';
import type { EdgeVariables } from './edge-variables.ts';

const line = (level: number) => (fields: Record<string, unknown>, message: string) =>
  console.log(JSON.stringify({ level, time: Date.now(), ...fields, msg: message }));

/** JSON lines in pino's format, to the platform's log. */
export const edgeLog: ApiLog = { info: line(30), warn: line(40), error: line(50) };

/** Everything that one request does in Redis, on its single connection. */
export type EdgeBackend = {
  records: RecordStore;
  requestLimiter: RequestLimiter;
  ledger: UsageLedger;
  openQueue(): Promise<{
    queue: JobQueue;
    directory: JobDirectory;
    deliveries: DeliveryLog;
  }>;
  openSealer(): Promise<Sealer>;
  reached(): Promise<boolean>;
  /** `close` waits for this work: a reader that disconnects causes a cancel, which must still arrive. */
  keepOpen(work: Promise<unknown>): void;
  /** Closes after pending work has ended, waiting briefly at most. Call it once. */
  close(): Promise<void>;
};

/** Time between two reads of a log, and so the longest delay of a stream. */
const tailMs = 200;
const closeMs = 3_000;

export function openEdgeBackend({
  REDIS_URL: url,
  REDIS_PREFIX: prefix,
  THINKFIRST_SECRET: given,
}: EdgeVariables): EdgeBackend {
  const redis = openRedis(url);
  const pending = createPending();
  let opened: Pick<OpenedQueue, 'queue' | 'deliveries'> | undefined;
  let closing: Promise<void> | undefined;
  const close = async () => {
    await waitAtMost(pending.settled(), closeMs);
    await waitAtMost(Promise.allSettled([opened?.queue.close(), opened?.deliveries.close()]), closeMs);
    redis.disconnect();
  };
  return {
    records: createRedisRecords({ redis, base: `${prefix}-records` }),
    requestLimiter: createRequestLimiter({ redis, prefix }),
    ledger: createUsageLedger({ change: createRedisChange({ redis, prefix }), now: Date.now }),
    async openQueue() {
      const { queue, directory, deliveries } = await openQueue(redis, prefix);
      opened = { queue, deliveries };
      return { queue, directory, deliveries };
    },
    async openSealer() {
      const secret = given ?? (await redis.get(`${prefix}-secret`));
      if (secret === null) throw new Error('no API process has created a secret in this Redis yet');
      return createSealer(Buffer.from(secret));
    },
    reached: () =>
      redis.ping().then(
        () => true,
        () => false,
      ),
    keepOpen: pending.keep,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function openRedis(url: string): Redis {
  // A Redis that accepts connections but never answers would block the request, so each command has a time limit.
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    connectTimeout: 3_000,
    commandTimeout: 5_000,
    retryStrategy: () => null,
    // It would send INFO and wait for the answer without a time limit.
    enableReadyCheck: false,
  });
  redis.on('error', onError);
  return redis;
}

const onError = (error: Error) => edgeLog.warn({ err: error.message }, 'redis');

/** Work that must end before the connection is closed. */
function createPending() {
  const pending = new Set<Promise<unknown>>();
  return {
    keep(work: Promise<unknown>): void {
      pending.add(work);
      work.catch(() => undefined).finally(() => pending.delete(work));
    },
    /** Also what is added while it waits. */
    async settled(): Promise<void> {
      while (pending.size > 0) await Promise.allSettled([...pending]);
    },
  };
}

type OpenedQueue = { queue: JobQueue; directory: JobDirectory; deliveries: Deliveries };

/** On the request's only connection, so it polls and subscribes to nothing. */
async function openQueue(redis: Redis, prefix: string): Promise<OpenedQueue> {
  const connection: QueueConnection<RedisQueueBackend, ConnectionOptions> = {
    mode: 'edge',
    factory: createRedisBackend,
    commands: redis,
    blocking: redis,
    prefix,
    store: (name, base) => createRedisStore(redis, { prefix, queue: name, channel: `${prefix}:${base}:notices` }),
    directory: (base) => createRedisDirectory(redis, { prefix, base }),
    subscribe: async () => ({ close: async () => undefined }),
    listens: false,
    queueOptions: { skipMetasUpdate: true, skipVersionCheck: true },
    close: async () => undefined,
  };
  const queue = await createBullmqQueue({ connection, terminalLines, onError, settings: { recheckMs: tailMs } });
  const deliveries = createDeliveries({ connection, queues: queue.queues, onError });
  return { queue, directory: queue.queues.directory, deliveries };
}
