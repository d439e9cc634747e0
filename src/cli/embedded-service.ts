import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { awaitService, namedService, type ServiceOptions } from './find-service.ts';
import { createServiceClient, type ServiceClient } from './service-client.ts';
import type { Terminal } from './terminal.ts';

export type OpenedService = { client: ServiceClient; close(): Promise<void> };

/**
 * The running service; where none was named and none runs at the default address, an embedded one in this process, on a
 * free port, whose data goes with it unless `THINKFIRST_DATA` says where to keep it.
 * @throws CliError for a named one that doesn't answer; StartError or ServiceError where none can be started
 */
export async function openService(
  options: ServiceOptions,
  terminal: Terminal,
  { quiet }: { quiet: boolean },
): Promise<OpenedService> {
  const { url, key, named } = namedService(options, terminal);
  if (named || (await awaitService(url)) === 'ready') {
    if (named) await awaitService(url);
    return { client: createServiceClient({ url, key }), close: async () => {} };
  }
  const { notePaint } = terminal;
  if (!quiet)
    terminal.note(notePaint.dim(`No service at ${url}: starting one here for now (thinkfirst serve keeps one).`));
  const { startService } = await import('../entry/start-service.ts');
  const kept = terminal.variables['THINKFIRST_DATA'] || undefined;
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'thinkfirst-'));
  // Also when Ctrl-C ends this process before the service has started.
  if (kept === undefined) process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { REDIS_URL: _, REDIS_CLUSTER: __, ...variables } = terminal.variables;
  const service = await startService({
    api: true,
    worker: true,
    variables: { THINKFIRST_LOG_LEVEL: 'error', ...variables, HOST: '127.0.0.1', PORT: '0', THINKFIRST_DATA: folder },
    page: false,
    announce: () => {},
  });
  if (service.url === undefined) throw new Error('the service has no address');
  return {
    client: createServiceClient({ url: service.url, key }),
    close: () => service.close({ graceMs: 0 }),
  };
}
