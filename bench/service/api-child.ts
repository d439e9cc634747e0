/**
 * An API process of the benchmark: `redis URL PREFIX` or `embedded FOLDER`, the latter with a worker whose model takes
 * no time. Reports its port and its memory.
 */
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { terminalLines } from '../../src/contracts/responses/terminal-lines.ts';
import { createEmbeddedQueue } from '../../src/queue/embedded/embedded-queue.ts';
import { createRedisQueue } from '../../src/queue/redis/redis-queue.ts';
import { createApi } from '../../test/api/responses/fixture.ts';
import { instantWorker } from './instant-worker.ts';

const [mode, target = '', prefix = ''] = process.argv.slice(2);
const settings = { maxWaiting: Number.MAX_SAFE_INTEGER };
const common = { terminalLines, settings, log: { warn() {} } };
const queue =
  mode === 'redis'
    ? await createRedisQueue({ ...common, url: target, prefix })
    : await createEmbeddedQueue({ ...common, dataFolder: target });
if (mode === 'embedded') await instantWorker(queue, { concurrency: 64 });
const quiet = { info() {}, warn() {}, error() {} };
const { app } = createApi({ queue, cancelOnDisconnect: false, now: Date.now, log: quiet });
const server = createServer(getRequestListener((request) => app.fetch(request), { overrideGlobalObjects: false }));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 });
});
process.on('message', () => {
  gc?.();
  process.send?.({ bytes: process.memoryUsage.rss() });
});
process.on('disconnect', () => process.exit(0));
