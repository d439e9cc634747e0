import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where test downloads are kept between runs: outside the repository, so that a fresh checkout finds them too. */
export const testCache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'thinkfirst-tests');

/** Why tests that need Python cannot run here; undefined if they can. With REQUIRE_PYTHON=1 that is an error. */
export async function pythonMissing(): Promise<string | undefined> {
  try {
    await run('python3', ['-c', 'import sys, venv, ensurepip; assert sys.version_info >= (3, 11)']);
    return undefined;
  } catch {
    return missing('needs Python 3.11 or newer with venv (`apt-get install python3-venv`)');
  }
}

/**
 * The folder of programs of a virtual environment, which is created or completed if packages are missing.
 * `requirements`: packages with exact versions. Nothing is downloaded if all of them are there.
 * @throws Error with uv's message if a package is not available
 */
export async function pythonEnvironment(name: string, requirements: readonly string[]): Promise<string> {
  const folder = join(testCache, 'python', name);
  const python = join(folder, 'bin', 'python');
  const uv = await uvProgram();
  const options = { timeout: 570_000, env: { ...process.env, UV_CACHE_DIR: join(testCache, 'uv-cache') } };
  if (!existsSync(python)) await run(uv, ['venv', '--quiet', '--clear', '--python', 'python3', folder], options);
  await run(uv, ['pip', 'install', '--quiet', '--python', python, ...requirements], options);
  return join(folder, 'bin');
}

/**
 * The same, or the reason why it is not available if PyPI cannot be reached. With REQUIRE_PYTHON=1 that is an error.
 */
export async function pythonEnvironmentOrReason(
  name: string,
  requirements: readonly string[],
): Promise<{ programs: string } | { reason: string }> {
  const reason = await pythonMissing();
  if (reason !== undefined) return { reason };
  try {
    return { programs: await pythonEnvironment(name, requirements) };
  } catch (error) {
    const [line = ''] = /^(ERROR|error): .*/m.exec(error instanceof Error ? error.message : '') ?? [];
    return { reason: missing(`needs packages of PyPI, which can't be had: ${line}`) };
  }
}

/** The installer: like pip, but about ten times as fast, and immediate if nothing is missing. */
async function uvProgram(): Promise<string> {
  const folder = join(testCache, 'python', 'uv-0.13.9');
  const program = join(folder, 'bin', 'uv');
  if (!existsSync(program)) {
    await run('python3', ['-m', 'venv', '--clear', folder]);
    await run(join(folder, 'bin', 'pip'), ['install', '--quiet', 'uv==0.13.9'], { timeout: 170_000 });
  }
  return program;
}

function missing(reason: string): string {
  if (process.env['REQUIRE_PYTHON'] === '1') throw new Error(reason);
  console.info(`skipped: ${reason}`);
  return reason;
}
