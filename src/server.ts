import { runEntry } from './entry/run-entry.ts';
import { startService } from './entry/start-service.ts';

/**
 * `npm start`: API and worker in this process. `npm run serve`: only the API; workers run in other processes, over the
 * same Redis.
 */
const apiOnly = process.argv.includes('serve');
await runEntry(() => startService({ api: true, worker: !apiOnly, variables: process.env }));
