import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Logger } from 'pino';
import type { ConsoleFile, ConsoleFiles } from '../api/routes/console.ts';
import { buildConsole } from './build-console.ts';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The console's files in memory (under 2 MB), built first where they are stale. Never throws: a console that can't be built
 * is an earlier one, or none, and a line in the log; the API answers all the same.
 */
export async function openConsole({ log }: { log: Logger }): Promise<ConsoleFiles | undefined> {
  try {
    return readFiles(await buildConsole());
  } catch (error) {
    const earlier = fileURLToPath(new URL('../../console/dist', import.meta.url));
    const there = existsSync(join(earlier, 'index.html'));
    const reason = error instanceof Error ? error.message : String(error);
    log.warn(
      { reason },
      there ? 'the console could not be built; an earlier one is served' : 'the console could not be built',
    );
    return there ? readFiles(earlier) : undefined;
  }
}

function readFiles(folder: string): ConsoleFiles {
  const files = new Map<string, ConsoleFile>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const type = contentTypes[extname(name)];
    if (type === undefined) continue;
    const body = Uint8Array.from(readFileSync(join(folder, name)));
    files.set(`/${name.split(sep).join('/')}`, { type, body, gzip: Uint8Array.from(gzipSync(body)) });
  }
  return files;
}
