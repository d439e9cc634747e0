import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

type LogEntry = { msg: string; [field: string]: unknown };

/** The real service in a separate process, as run by `npm start`, `npm run serve` or `npm run worker`. */
export type TestService = {
  /** Empty for a worker. */
  url: string;
  /** Its standard output. */
  output(): string;
  /** Its JSON log so far. */
  log(): LogEntry[];
  /** Resolves with the first matching entry, past or future. */
  logged(fits: (entry: LogEntry) => boolean): Promise<LogEntry>;
  kill(signal: NodeJS.Signals): void;
  /** Sends Ctrl-C; returns the exit code. */
  stop(): Promise<number | null>;
};

type Half = 'start' | 'serve' | 'worker';
const commands: Record<Half, string[]> = {
  start: ['src/server.ts'],
  serve: ['src/server.ts', 'serve'],
  worker: ['workers/reasoning.ts'],
};

/** Starts a process for a role; `environment` is added to PORT=0, without this process's own settings. */
function spawnHalf(half: Half, environment: Record<string, string>): ChildProcess {
  const { PATH = '', HOME = '', TMPDIR } = process.env;
  return spawn(process.execPath, ['bin/run.mjs', ...commands[half]], {
    cwd: root,
    env: { PATH, HOME, PORT: '0', ...(TMPDIR === undefined ? {} : { TMPDIR }), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Starts a process that is expected to fail. */
export async function failedStart(half: Half, environment: Record<string, string>) {
  const child = spawnHalf(half, environment);
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = await once(child, 'close');
  // The log is JSON; messages for the operator are not.
  return { code, told: stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{')) };
}

/** Starts a process for a role and resolves when it reports that it is ready. */
export async function startService(half: Half, environment: Record<string, string> = {}): Promise<TestService> {
  const child = spawnHalf(half, environment);
  const exited = once(child, 'close');
  const entries: LogEntry[] = [];
  const watchers = new Set<(entry: LogEntry) => void>();
  let output = '';
  let told = '';
  if (!child.stdout || !child.stderr) throw new Error('no output');
  createInterface(child.stderr).on('line', (line) => {
    if (!line.startsWith('{')) {
      told += `${line}\n`;
      return;
    }
    const entry: LogEntry = JSON.parse(line);
    entries.push(entry);
    for (const watcher of watchers) watcher(entry);
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      // The data line is the last that every role prints.
      if (/^ {2}data .*\n/m.test(output)) resolve();
    });
    exited.then(([code]) => reject(new Error(`the service ended with ${code}: ${told}`)));
  });
  return {
    url: /^ {2}url +(\S+)$/m.exec(output)?.[1] ?? '',
    output: () => output,
    log: () => entries,
    logged: (fits) =>
      new Promise((resolve) => {
        const past = entries.find(fits);
        if (past) return resolve(past);
        const watcher = (entry: LogEntry) => {
          if (!fits(entry)) return;
          watchers.delete(watcher);
          resolve(entry);
        };
        watchers.add(watcher);
      }),
    kill: (signal) => child.kill(signal),
    async stop() {
      child.kill('SIGINT');
      const [code] = await exited;
      return code;
    },
  };
}

/** A separate folder for a test's data. */
export async function dataFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'thinkfirst-data-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** The real service with its embedded model, and a data folder of its own, which goes when it stops. */
export async function realService(environment: Record<string, string> = {}): Promise<TestService> {
  const data = await dataFolder();
  const service = await startService('start', { THINKFIRST_DATA: data.path, ...environment });
  return {
    ...service,
    async stop() {
      const code = await service.stop();
      await data.remove();
      return code;
    },
  };
}

// What came over the wire is what a test is about: it is asserted on, not typed.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Json = any;

/** GETs JSON. */
export async function getJson(url: string): Promise<Json> {
  return (await fetch(url)).json();
}

/** POSTs JSON and returns the parsed response with its status. */
export async function postJson(url: string, body: unknown): Promise<{ status: number; body: Json }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}
