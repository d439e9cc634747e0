/** A process that leases jobs and never ends them, for tests that kill it: `redis URL PREFIX` or `embedded FOLDER`. */
import { createEmbeddedQueue } from '../../src/queue/embedded/embedded-queue.ts';
import { createRedisQueue } from '../../src/queue/redis/redis-queue.ts';
import { makeJob, nextWire, testTerminalLines, wire } from './queue-jobs.ts';

const [mode, target = '', prefix = ''] = process.argv.slice(2);
const common = { terminalLines: testTerminalLines, log: { warn() {} } };
const queue =
  mode === 'redis'
    ? await createRedisQueue({ ...common, url: target, prefix })
    : await createEmbeddedQueue({ ...common, dataFolder: target });
if (mode === 'embedded') for (const id of ['resp_running', 'resp_waiting']) await queue.add(makeJob({ id }));
await queue.consume({ concurrency: 1, models: ['scripted'] }, async (lease) => {
  await lease.append([wire(nextWire(lease.log), `attempt ${lease.attempt}`)]);
  process.stdout.write(`leased ${lease.job.id}\n`);
  await new Promise(() => {});
});
process.stdout.write('ready\n');
