import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../.cache/python/', import.meta.url));

/** The Python packages that tests use, and nothing else of Python: each in an environment of its own, kept between runs. */
export const pythonPackages = { openai: '3.57.0', schemathesis: '4.32.5' } as const;

/** Why tests that need Python can't run here; undefined where they can. With REQUIRE_PYTHON=1 that is an error. */
export async function pythonMissing(): Promise<string | undefined> {
  try {
    await run('python3', ['-c', 'import sys, venv, ensurepip; assert sys.version_info >= (3, 10)']);
    return undefined;
  } catch {
    const reason = 'needs Python 3.10 or newer with venv (`apt-get install python3-venv`)';
    if (process.env['REQUIRE_PYTHON'] === '1') throw new Error(reason);
    console.info(`skipped: ${reason}`);
    return reason;
  }
}

/**
 * The folder of programs of a virtual environment with that package, made where it is not there yet.
 * @throws Error with pip's words where the package can't be had
 */
export async function pythonEnvironment(name: keyof typeof pythonPackages): Promise<string> {
  const version = pythonPackages[name];
  const folder = join(cache, `${name}-${version}`);
  // The marker is written last: an environment that broke off while it was made is made anew.
  const made = join(folder, 'made');
  if (!existsSync(made)) {
    await mkdir(cache, { recursive: true });
    await rm(folder, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', folder]);
    await run(join(folder, 'bin', 'pip'), ['install', '--quiet', `${name}==${version}`], { timeout: 170_000 });
    await mkdir(`${made}-`);
    await rename(`${made}-`, made);
  }
  return join(folder, 'bin');
}
