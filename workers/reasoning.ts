import { runEntry } from '../src/entry/run-entry.ts';
import { startService } from '../src/entry/start-service.ts';

/** `npm run worker`: takes responses from the queue and answers them; any number on one Redis. */
await runEntry(() => startService({ api: false, worker: true, variables: process.env }));
