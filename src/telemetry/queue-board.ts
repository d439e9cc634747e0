import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { HonoAdapter } from '@bull-board/hono';
import { serveStatic } from '@hono/node-server/serve-static';
import type { Queue } from 'bullmq';
import { Hono } from 'hono';

/**
 * Bull Board over the queues that are open at the time of each request. Read-only: its actions (retry, remove, promote)
 * would bypass the job log. Loaded at first use.
 * @param path where it is mounted
 */
export function createQueueBoard({ queues, path }: { queues(): Iterable<Queue>; path: string }): Hono {
  const adapter = new HonoAdapter(serveStatic).setBasePath(path);
  const board = createBullBoard({
    queues: [],
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Thinkfirst', hideDocsLink: true } },
  });
  const shown = new Set<Queue>();
  // The page's own path ends with a slash.
  const app = new Hono({ strict: false });
  app.use(async function showNewQueues(_c, next) {
    for (const queue of queues()) {
      if (shown.has(queue)) continue;
      shown.add(queue);
      board.addQueue(new BullMQAdapter(queue, { readOnlyMode: true }));
    }
    await next();
  });
  app.route(path, adapter.registerPlugin());
  return app;
}
