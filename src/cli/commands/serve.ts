import { type Command, InvalidArgumentError } from 'commander';
import { type Environment, variableFault } from '../../entry/environment.ts';
import type { Invocation } from '../../entry/http/listen.ts';
import { runEntry } from '../../entry/run-entry.ts';
import { downloadBar } from '../render/download-bar.ts';
import { upperFirst } from '../render/figures.ts';
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
      'Starts the service and keeps it running: API, queue, store and worker in this process. ' +
        'With Redis (--redis or REDIS_URL) more workers can run elsewhere: thinkfirst worker. ' +
        'Everything else is configured with environment variables, see docs/cli.md.',
    )
    .option('-p, --port <port>', 'the port to listen on (default: PORT, else 8080)', valueFor('PORT'))
    .option('--host <host>', 'the address to listen on (default: HOST, else 127.0.0.1)', valueFor('HOST'))
    .option('--api-only', 'run only the API; workers run elsewhere, on the same Redis');
  backendOptions(serve).action(async ({ apiOnly, ...options }: ServeOptions) => {
    const command = apiOnly === true ? 'thinkfirst serve --api-only' : 'thinkfirst serve';
    await start({ api: true, worker: apiOnly !== true }, { command, options, terminal });
  });

  const worker = program
    .command('worker')
    .summary('start a worker on Redis')
    .description(
      'Starts a worker, which takes requests from the queue on Redis and answers them. Start any number of them, on any machine.',
    );
  backendOptions(worker).action(async (options: ServeOptions) => {
    await start({ api: false, worker: true }, { command: 'thinkfirst worker', options, terminal });
  });
}

const optionOf = {
  PORT: '--port',
  HOST: '--host',
  THINKFIRST_DATA: '--data',
  THINKFIRST_MODELS: '--models',
  REDIS_URL: '--redis',
  THINKFIRST_THREADS: '--threads',
};

async function start(
  halves: { api: boolean; worker: boolean },
  { command, options, terminal }: { command: string; options: ServeOptions; terminal: Terminal },
): Promise<void> {
  const { startService } = await import('../../entry/start-service.ts');
  const invocation: Invocation = { command, whole: 'thinkfirst serve', options: optionOf };
  const variables = withOptions(terminal.variables, options);
  const modelsOption = options.models === undefined ? undefined : optionOf.THINKFIRST_MODELS;
  const bar = downloadBar(terminal);
  // Without a terminal the log has it.
  const onDownload = terminal.noteLive ? bar.onProgress : undefined;
  await runEntry(() => startService({ ...halves, variables, invocation, modelsOption, onDownload }).finally(bar.stop));
}

/** An option's value is what its variable takes; commander tells a fault and ends with `usage`. */
function valueFor(name: keyof typeof Environment.shape): (text: string) => string {
  return (text) => {
    const fault = text === '' ? 'expected a value' : variableFault(name, text);
    if (fault !== undefined) throw new InvalidArgumentError(`${upperFirst(fault)}.`);
    return text;
  };
}

function backendOptions(command: Command): Command {
  return command
    .option(
      '-m, --models <list>',
      'folders, hub names or ids of thinkfirst.config.json, comma-separated',
      valueFor('THINKFIRST_MODELS'),
    )
    .option(
      '-d, --data <folder>',
      'the folder of the embedded store (default: THINKFIRST_DATA, else data)',
      valueFor('THINKFIRST_DATA'),
    )
    .option('--redis <url>', 'Redis instead of the embedded store (default: REDIS_URL)', valueFor('REDIS_URL'))
    .option(
      '-t, --threads <n>',
      'threads for inference (default: the cores, 4 at most)',
      valueFor('THINKFIRST_THREADS'),
    );
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
