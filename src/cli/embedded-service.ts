import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFolder } from '../queue/embedded/data-folder.ts';
import { CliError, exitCodes } from './cli-error.ts';
import { awaitService, namedService, type ServiceOptions } from './find-service.ts';
import { downloadBar } from './render/download-bar.ts';
import { createServiceClient, type ServiceClient } from './service-client.ts';
import type { Terminal } from './terminal.ts';

export type OpenedService = { client: ServiceClient; close(): Promise<void> };

/**
 * The running service; where none was named and none runs at the default address, an embedded one in this process, on a
 * free port, whose data goes with it unless `THINKFIRST_DATA` says where to keep it.
 * @throws CliError for a named one that doesn't answer, and where another process has that data; StartError or ServiceError
 * where none can be started
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
  const kept = terminal.variables['THINKFIRST_DATA'] || undefined;
  if (kept !== undefined && (await inUse(kept))) throw runsElsewhere(kept, url);
  if (!quiet)
    terminal.note(
      notePaint.dim(`No service at ${url}: starting one here for now (thinkfirst serve keeps one running).`),
    );
  const { startService } = await import('../entry/start-service.ts');
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'thinkfirst-'));
  // Also when Ctrl-C ends this process before the service has started.
  if (kept === undefined) process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { REDIS_URL: _, REDIS_CLUSTER: __, ...variables } = terminal.variables;
  const bar = downloadBar(terminal);
  const service = await startService({
    api: true,
    worker: true,
    variables: { THINKFIRST_LOG_LEVEL: 'error', ...variables, HOST: '127.0.0.1', PORT: '0', THINKFIRST_DATA: folder },
    page: false,
    announce: () => {},
    onDownload: bar.onProgress,
  }).finally(bar.stop);
  if (service.url === undefined) throw new Error('the service has no address');
  return {
    client: createServiceClient({ url: service.url, key }),
    close: () => service.close({ graceMs: 0 }),
  };
}

async function inUse(folder: string): Promise<boolean> {
  const file = join(folder, 'queue.lock');
  if (!existsSync(file)) return false;
  const lock = await lockFolder(file).catch(() => 'unknown' as const);
  // What can't be looked at is told of by the start.
  if (lock === 'unknown') return false;
  await lock?.release();
  return lock === undefined;
}

function runsElsewhere(folder: string, url: string): CliError {
  return new CliError({
    message: `A Thinkfirst service is running with the data folder ${folder}, but not at ${url}.`,
    advice: 'Give its address with --url, THINKFIRST_URL or PORT, or choose another folder with THINKFIRST_DATA.',
    exitCode: exitCodes.unreachable,
  });
}
