import type { Logger } from 'pino';
import { terminalLines } from '../contracts/terminal-lines.ts';
import type { QueueInstruments } from '../queue/bullmq-parts.ts';
import { createEmbeddedQueue } from '../queue/embedded-queue.ts';
import type { JobQueue } from '../queue/job-queue.ts';
import { createRedisQueue } from '../queue/redis-queue.ts';
import type { Environment } from './environment.ts';

/** The queue of the environment's mode. @throws ServiceError `backend_unavailable`, in one line */
export function openQueue(
  environment: Environment,
  { log, instruments }: { log: Logger; instruments: QueueInstruments },
): Promise<JobQueue> {
  const retentionMs = environment.THINKFIRST_RETENTION_DAYS * 86_400_000;
  const { REDIS_URL: url, REDIS_PREFIX: prefix, THINKFIRST_DATA: dataFolder } = environment;
  return url === undefined
    ? createEmbeddedQueue({ dataFolder, terminalLines, retentionMs, log, instruments })
    : createRedisQueue({ url, prefix, terminalLines, retentionMs, log, instruments });
}
