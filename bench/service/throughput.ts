import { type JobsOptions, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { JobQueue } from '../../src/core/job-queue.ts';
import { createRedisQueue } from '../../src/queue/redis/redis-queue.ts';
import { makeJob, terminal, testTerminalLines } from '../../test/support/queue-jobs.ts';

const concurrency = 50;

/** Jobs per second of BullMQ alone: a no-op processor, from the first `add` to the last `completed`. */
export function bareJobsPerSecond(url: string, jobs: number): Promise<number> {
  return bullmqJobsPerSecond(url, jobs, {});
}

/**
 * The upper bound for a queue on BullMQ with our guarantees: with the necessary job options (a fair position, retries
 * with backoff) and two more atomic steps per job, one that admits it and one that writes its end; here their scripts
 * do nothing.
 */
export function boundJobsPerSecond(url: string, jobs: number): Promise<number> {
  const options = { priority: 1, attempts: 3, backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 } };
  return bullmqJobsPerSecond(url, jobs, { options, step: (redis) => redis.eval('return 0', 0) });
}

async function bullmqJobsPerSecond(
  url: string,
  jobs: number,
  { options = {}, step }: { options?: JobsOptions; step?(redis: Redis): Promise<unknown> },
): Promise<number> {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue('bare', { connection });
  let done = 0;
  let end = () => {};
  const all = new Promise<void>((resolve) => {
    end = resolve;
  });
  const work = async () => {
    await step?.(connection);
    return null;
  };
  const worker = new Worker('bare', work, { connection, concurrency });
  worker.on('completed', () => {
    done += 1;
    if (done === jobs) end();
  });
  await worker.waitUntilReady();
  const startedAt = performance.now();
  await inParallel(jobs, async () => {
    // Each with its own id and text, like ours.
    const job = makeJob();
    await step?.(connection);
    await queue.add('response', { job: JSON.stringify(job) }, { ...options, jobId: job.id });
  });
  await all;
  const rate = (jobs * 1000) / (performance.now() - startedAt);
  await worker.close();
  await queue.close();
  connection.disconnect();
  return rate;
}

/** Jobs per second of our queue: accepted, leased, and ended by a terminal line. */
export async function ownJobsPerSecond(url: string, jobs: number): Promise<number> {
  const queue = await openQueue(url, 'own');
  let done = 0;
  let end = () => {};
  const all = new Promise<void>((resolve) => {
    end = resolve;
  });
  await queue.consume({ concurrency, models: ['scripted'] }, async (lease) => {
    await lease.append([terminal(0)]);
    done += 1;
    if (done === jobs) end();
  });
  const startedAt = performance.now();
  await inParallel(jobs, () => queue.add(makeJob()));
  await all;
  const rate = (jobs * 1000) / (performance.now() - startedAt);
  await queue.close();
  return rate;
}

/** Jobs per second of so many workers, each with two jobs at a time and a model that takes `paceMs` for any request. */
export async function pacedJobsPerSecond(
  url: string,
  { workers, paceMs, seconds }: { workers: number; paceMs: number; seconds: number },
): Promise<number> {
  const own = 2;
  const jobs = Math.round((workers * own * seconds * 1000) / paceMs);
  const prefix = `paced-${workers}`;
  const queues = await Promise.all(Array.from({ length: workers }, () => openQueue(url, prefix)));
  let done = 0;
  let end = () => {};
  const all = new Promise<void>((resolve) => {
    end = resolve;
  });
  const [first] = queues;
  if (first) await inParallel(jobs, () => first.add(makeJob()));
  const startedAt = performance.now();
  for (const queue of queues) {
    await queue.consume({ concurrency: own, models: ['scripted'] }, async (lease) => {
      await new Promise((resolve) => setTimeout(resolve, paceMs));
      await lease.append([terminal(0)]);
      done += 1;
      if (done === jobs) end();
    });
  }
  await all;
  const rate = (jobs * 1000) / (performance.now() - startedAt);
  await Promise.all(queues.map((queue) => queue.close()));
  return rate;
}

function openQueue(url: string, prefix: string): Promise<JobQueue> {
  const settings = { maxWaiting: Number.MAX_SAFE_INTEGER };
  return createRedisQueue({ url, prefix, settings, terminalLines: testTerminalLines, log: { warn() {} } });
}

async function inParallel(count: number, work: () => Promise<unknown>): Promise<void> {
  let left = count;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
}
