import { type Command, Option } from 'commander';
import { runEntry } from '../../entry/run-entry.ts';
import type { Terminal } from '../terminal.ts';

type ServeOptions = {
  port?: string;
  host?: string;
  data?: string;
  models?: string;
  redis?: string;
  threads?: string;
  apiOnly?: true;
};

/** `thinkfirst serve` and `thinkfirst worker`: the entries of `npm start`, `npm run serve` and `npm run worker`. */
export function addServe(program: Command, terminal: Terminal): void {
  const serve = program
    .command('serve')
    .summary('start the service')
    .description(
      'Starts the service and keeps it running: API, queue, store and worker in this process.\n' +
        'With Redis (--redis or REDIS_URL) further workers can run elsewhere: thinkfirst worker.\n' +
        'All else is configured by environment variables, see docs/cli.md.',
    )
    .option('-p, --port <port>', 'where it listens (default: PORT, else 8080)')
    .option('--host <host>', 'on which address (default: HOST, else 127.0.0.1)')
    .option('--api-only', 'the API alone; workers run elsewhere, on the same Redis');
  backendOptions(serve).action(async ({ apiOnly, ...options }: ServeOptions) => {
    const { startService } = await import('../../entry/start-service.ts');
    const variables = withOptions(terminal.variables, options);
    await runEntry(() => startService({ api: true, worker: apiOnly !== true, variables }));
  });

  const worker = program
    .command('worker')
    .summary('start a worker on Redis')
    .description(
      'Starts a worker: it takes responses from the queue on Redis and answers them. Any number of them, on any machine.',
    );
  backendOptions(worker).action(async (options: ServeOptions) => {
    const { startService } = await import('../../entry/start-service.ts');
    const variables = withOptions(terminal.variables, options);
    await runEntry(() => startService({ api: false, worker: true, variables }));
  });
}

function backendOptions(command: Command): Command {
  return command
    .option('-m, --models <list>', 'folders, hub names or ids of thinkfirst.config.json, comma-separated')
    .option('-d, --data <folder>', 'where the embedded store lives (default: THINKFIRST_DATA, else data)')
    .addOption(new Option('--redis <url>', 'Redis instead of the embedded store (default: REDIS_URL)'))
    .option('-t, --threads <n>', 'threads of the inference (default: the cores, 4 at most)');
}

/** An option stands for its variable, which the entries check. */
function withOptions(
  variables: Terminal['variables'],
  { port, host, data, models, redis, threads }: ServeOptions,
): Terminal['variables'] {
  const given = {
    PORT: port,
    HOST: host,
    THINKFIRST_DATA: data,
    THINKFIRST_MODELS: models,
    REDIS_URL: redis,
    THINKFIRST_THREADS: threads,
  };
  // A cluster's nodes would stand above the one that was named.
  const cluster = redis === undefined ? {} : { REDIS_CLUSTER: undefined };
  return {
    ...variables,
    ...cluster,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}
