/**
 * What a service does in Redis, in a separate process, for settings that only its environment can make: `URL`. Prints
 * the result.
 */

import { parseEnvironment } from '../../src/entry/environment.ts';
import { openLimits } from '../../src/entry/http/open-limits.ts';
import { openRecords } from '../../src/entry/open-records.ts';
import { createRedisQueue } from '../../src/queue/redis/redis-queue.ts';
import { makeJob, readAll, terminal, testTerminalLines, wire } from './queue-jobs.ts';

const [url = ''] = process.argv.slice(2);
try {
  const queue = await createRedisQueue({
    url,
    prefix: 'tls',
    terminalLines: testTerminalLines,
    log: { warn() {} },
  });
  await queue.consume({ concurrency: 1, models: ['scripted'] }, async (lease) => {
    await lease.append([wire(0), terminal(1)]);
  });
  const job = makeJob();
  await queue.add(job);
  const lines = await readAll(queue, job.id);
  const environment = parseEnvironment({ REDIS_URL: url, REDIS_PREFIX: 'tls' });
  const { records } = await openRecords(environment);
  await records.set('files:one', { lines: lines.length });
  const limits = openLimits(environment, records);
  const { allowed } = await limits.requestLimiter.take('key', 1);
  console.log(JSON.stringify({ record: await records.get('files:one'), allowed }));
  limits.close();
  await records.close();
  await queue.close();
} catch (error) {
  console.log(error instanceof Error ? error.message : String(error));
}
process.exit();
