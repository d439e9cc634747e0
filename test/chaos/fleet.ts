import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../eval/free-port.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const entry = fileURLToPath(new URL('./chaos-service.ts', import.meta.url));

/** A process of the service that is started again whenever it ends, on the same port. */
export type Member = {
  name: string;
  half: 'start' | 'serve' | 'worker';
  /** Empty for a worker. */
  url: string;
  readonly pid: number | undefined;
  readonly ready: boolean;
  /** Resolves once it is ready. */
  up(): Promise<void>;
  /** kill -9; it comes back by itself. */
  kill(): void;
  pause(): void;
  wake(): void;
  stop(): Promise<void>;
};

/** Starts a member and looks after it until `stop`. `onLog` gets each line of its log. */
export async function startMember(options: {
  name: string;
  half: Member['half'];
  environment: Readonly<Record<string, string>>;
  onLog(line: string): void;
}): Promise<Member> {
  const { name, half, environment, onLog } = options;
  const port = half === 'worker' ? 0 : await freePort();
  const { PATH = '', HOME = '', TMPDIR } = process.env;
  let child: ChildProcess;
  let ready = false;
  let stopped = false;
  let waiters: (() => void)[] = [];
  const start = () => {
    ready = false;
    child = spawn(process.execPath, ['bin/run.mjs', entry, half], {
      cwd: root,
      env: { PATH, HOME, PORT: `${port}`, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      if (!chunk.toString().includes('is ready after')) return;
      ready = true;
      for (const resolve of waiters.splice(0)) resolve();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().split('\n')) if (line !== '') onLog(line);
    });
    child.once('exit', () => {
      ready = false;
      if (!stopped) setTimeout(start, 100);
    });
  };
  start();
  return {
    name,
    half,
    url: half === 'worker' ? '' : `http://127.0.0.1:${port}`,
    get pid() {
      return child.pid;
    },
    get ready() {
      return ready;
    },
    async up() {
      if (!ready) await new Promise<void>((resolve) => waiters.push(resolve));
    },
    kill: () => void child.kill('SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    wake: () => void child.kill('SIGCONT'),
    async stop() {
      stopped = true;
      waiters = [];
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await exited;
    },
  };
}
