import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonEnvironment } from './python-environment.ts';

const folder = fileURLToPath(new URL('../fuzz/', import.meta.url));
const found = fileURLToPath(new URL('../../.cache/fuzz/', import.meta.url));

export type FuzzOptions = {
  /** Of a running service. */
  url: string;
  seconds: number;
  /** Cases per operation and phase. */
  cases: number;
  /** The same seed gives the same cases. */
  seed?: number;
  onOutput?(text: string): void;
};

/** Runs schemathesis over `/openapi.json` with all checks; returns its exit code (0: nothing found) and its report. */
export async function fuzz({ url, seconds, cases, seed, onOutput }: FuzzOptions) {
  await mkdir(found, { recursive: true });
  const programs = await pythonEnvironment('schemathesis', ['schemathesis==4.32.5']);
  const options = ['--checks', 'all', '--phases', 'coverage,fuzzing,stateful', '--max-time', `${seconds}`];
  const limits = ['--max-examples', `${cases}`, '--request-timeout', '60', '--suppress-health-check', 'all'];
  const quiet = ['--warnings', 'off', '--no-color'];
  // Only one of the two options is possible: a seeded run keeps no example database anyway.
  const seeded =
    seed === undefined ? ['--generation-database', 'none'] : ['--seed', `${seed}`, '--generation-deterministic'];
  const child = spawn(
    join(programs, 'st'),
    ['--config-file', join(folder, 'schemathesis.toml'), 'run', `${url}/openapi.json`].concat(
      options,
      limits,
      quiet,
      seeded,
    ),
    {
      // It writes its findings to the working folder.
      cwd: found,
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        PYTHONPATH: folder,
        SCHEMATHESIS_HOOKS: 'hooks',
        PYTHONDONTWRITEBYTECODE: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let report = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      report += text;
      onOutput?.(text);
    });
  }
  const [code] = await once(child, 'close');
  return { code, report };
}
