import { setTimeout as delay } from 'node:timers/promises';
import { probeService } from '../entry/probe-service.ts';
import { CliError, exitCodes } from './cli-error.ts';
import { createServiceClient, type ServiceClient } from './service-client.ts';
import type { Terminal } from './terminal.ts';

/** `--url` and `--key`. */
export type ServiceOptions = { url?: string; key?: string };

const defaultPort = '8080';
/** ms */
const probeLimit = 3_000;
const startLimit = 120_000;

/** The service that was named, else the one at the default address; it need not be there. */
export function namedService(
  { url, key }: ServiceOptions,
  { variables }: Pick<Terminal, 'variables'>,
): { url: string; key: string | undefined; named: boolean } {
  const named = url ?? (variables['THINKFIRST_URL'] || undefined);
  return {
    url: checkedUrl(named ?? `http://127.0.0.1:${variables['PORT'] || defaultPort}`),
    key: key ?? (variables['THINKFIRST_KEY'] || undefined),
    named: named !== undefined,
  };
}

/** A client of the running service; waits for one that is still starting. @throws CliError where none answers */
export async function reachService(options: ServiceOptions, terminal: Terminal): Promise<ServiceClient> {
  const { url, key } = namedService(options, terminal);
  const client = createServiceClient({ url, key });
  if ((await awaitService(url)) === 'ready') return client;
  // Throws the client's own error where nothing answers at all.
  await client.text('/').catch((error: unknown) => {
    if (error instanceof CliError && error.exitCode === exitCodes.unreachable) throw error;
  });
  throw new CliError({
    message: `The server at ${url} is not a Thinkfirst service.`,
    advice: 'Give the right address with --url or THINKFIRST_URL.',
    exitCode: exitCodes.unreachable,
  });
}

/** Whether a Thinkfirst answers there, once it has started. */
export async function awaitService(url: string): Promise<'ready' | 'absent'> {
  const deadline = Date.now() + startLimit;
  for (;;) {
    const state = await probeService(url, probeLimit);
    if (state !== 'starting') return state;
    if (Date.now() > deadline) return 'ready';
    await delay(250);
  }
}

function checkedUrl(text: string): string {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return text.replace(/(\/v1)?\/*$/, '');
  throw new CliError({
    message: `"${text}" is not the address of a service.`,
    advice: 'Give a full address, like http://127.0.0.1:8080.',
    exitCode: exitCodes.usage,
  });
}
