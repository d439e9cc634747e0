import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { Logger } from 'pino';
import type { ConsoleFile, ConsoleFiles } from '../../api/dependencies.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = join(root, 'console');
const built = join(folder, 'dist');
/** In the built folder: the digest of what it was built from. */
const stampFile = 'sources.txt';

/**
 * Builds the console into `console/dist` where that is absent or older than its sources (1 to 2 s), in a process of its own
 * so that the bundler's memory goes again. Without sources (a packed tarball) what is there is taken as it is.
 * @returns the folder of the built page
 * @throws Error where there is nothing built and it can't be
 */
export async function buildConsole(): Promise<string> {
  if (!existsSync(join(folder, 'src'))) {
    if (existsSync(built)) return built;
    throw new Error('there is neither a built console nor its source code');
  }
  const stamp = digestOfSources();
  if (stampOf(built) === stamp) return built;
  // Two processes may start at once: each builds beside, and the last one's folder stays.
  const beside = `${built}-${process.pid}`;
  try {
    await bundle(beside);
    // Sources that changed under the build are built anew at the next start.
    if (digestOfSources() === stamp) await writeFile(join(beside, stampFile), stamp);
    await rm(built, { recursive: true, force: true });
    await rename(beside, built);
  } catch (error) {
    await rm(beside, { recursive: true, force: true }).catch(() => undefined);
    if (stampOf(built) !== stamp) throw error;
  }
  return built;
}

async function bundle(into: string): Promise<void> {
  const vite = dirname(createRequire(import.meta.url).resolve('vite/package.json'));
  const environment = { ...process.env, NODE_ENV: 'production' };
  const options = ['build', folder, '--outDir', into, '--logLevel', 'error'];
  await promisify(execFile)(process.execPath, [join(vite, 'bin/vite.js'), ...options], { env: environment });
}

/** Of the sources' content, not their times: those differ between a checkout, an image and a tarball. */
function digestOfSources(): string {
  const digest = createHash('sha256');
  const { devDependencies }: { devDependencies?: unknown } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  digest.update(JSON.stringify(devDependencies));
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const file = join(folder, name);
    if (/^(dist|node_modules)/.test(relative(folder, file)) || !statSync(file).isFile()) continue;
    digest.update(`\0${name}\0`).update(readFileSync(file));
  }
  return digest.digest('hex');
}

function stampOf(place: string): string | undefined {
  const file = join(place, stampFile);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

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
    const earlier = fileURLToPath(new URL('../../../console/dist', import.meta.url));
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
