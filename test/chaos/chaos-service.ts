/** The service as `npm start`, `serve` and `worker` run it, with scripted models: `start`, `serve` or `worker`. */
import { runEntry } from '../../src/entry/run-entry.ts';
import { startService } from '../../src/entry/start-service.ts';

const half = process.argv[2];
await runEntry(() =>
  startService({
    api: half !== 'worker',
    worker: half !== 'serve',
    variables: process.env,
    inferenceEntry: new URL('./chaos-inference.ts', import.meta.url),
  }),
);
