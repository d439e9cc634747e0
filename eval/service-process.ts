import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { waitAtMost } from '../src/core/deadlines.ts';
import { freePort } from './free-port.ts';

type Service = { url: string; close(): Promise<void> };

/** ms */
const startLimit = 120_000;
const stopLimit = 12_000;

/**
 * Starts the embedded service on a free loopback port with its own data folder, and waits until it is ready.
 * @throws Error with the end of its output if it does not start
 */
export async function startService(options: { environment?: Record<string, string> } = {}): Promise<Service> {
  const [port, folder] = [await freePort(), await mkdtemp(join(tmpdir(), 'thinkfirst-eval-'))];
  const server = spawn(process.execPath, ['bin/run.mjs', 'src/server.ts'], {
    cwd: new URL('..', import.meta.url),
    env: {
      ...process.env,
      HOST: '127.0.0.1',
      PORT: String(port),
      THINKFIRST_DATA: folder,
      THINKFIRST_LOG_LEVEL: 'warn',
      ...options.environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output = `${output}${chunk.toString()}`.slice(-4_000);
    });
  }
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const close = async () => {
    if (server.exitCode === null && server.signalCode === null) {
      server.kill('SIGTERM');
      if (!(await waitAtMost(exited, stopLimit))) server.kill('SIGKILL');
      await exited;
    }
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + startLimit;
  while (Date.now() < deadline && server.exitCode === null && server.signalCode === null) {
    const ready = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    if (ready?.ok) return { url, close };
    await delay(250);
  }
  await close();
  throw new Error(`the service did not start; the end of its output:\n${output}`);
}
