/**
 * A process of the benchmark: `redis URL PREFIX` is an API, `worker URL PREFIX` a worker for it, and `embedded FOLDER`
 * both. The model takes no time. Its parent asks for its memory, its processor time and the number of waiting jobs, and
 * tells a process that is both when to begin to work.
 */
import { terminalLines } from '../../src/contracts/responses/terminal-lines.ts';
import { listen } from '../../src/entry/http/listen.ts';
import { createEmbeddedQueue } from '../../src/queue/embedded/embedded-queue.ts';
import { createRedisQueue } from '../../src/queue/redis/redis-queue.ts';
import { createApi } from '../../test/api/responses/fixture.ts';
import { instantWorker } from './instant-worker.ts';
import { Ask } from './streams.ts';

const [mode, target = '', prefix = ''] = process.argv.slice(2);
const common = {
  terminalLines,
  settings: { maxWaiting: Number.MAX_SAFE_INTEGER },
  log: { warn() {} },
};
const queue =
  mode === 'embedded'
    ? await createEmbeddedQueue({ ...common, dataFolder: target })
    : await createRedisQueue({ ...common, url: target, prefix });

process.on('message', (message) => {
  answer(Ask.parse(message)).then((value) => process.send?.({ value }));
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port: mode === 'worker' ? 0 : await listenForApi() });

async function listenForApi(): Promise<number> {
  const quiet = { info() {}, warn() {}, error() {} };
  const { app } = createApi({ queue, cancelOnDisconnect: false, now: Date.now, log: quiet });
  const listening = await listen({ host: '127.0.0.1', port: 0 });
  listening.serve((request, bindings) => app.fetch(request, bindings));
  return Number(new URL(listening.url).port);
}

async function answer(ask: Ask): Promise<number> {
  switch (ask) {
    case 'residentBytes':
      // After garbage collection, because the amount of garbage at any moment is random.
      gc?.();
      return process.memoryUsage.rss();
    case 'processorMs': {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    }
    case 'waitingJobs':
      // On a busy machine the backend may not answer in time; the parent asks again.
      return queue.list({ owner: null, limit: 1 }).then(
        ({ waiting }) => waiting,
        () => 0,
      );
    case 'work':
      await instantWorker(queue, { concurrency: 64 });
      return 0;
    default:
      return ask satisfies never;
  }
}
