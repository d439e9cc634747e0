import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A TypeScript file in a separate process, with a way to wait for its output lines. */
export type TestChild = {
  saw(line: string): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** kill -9, then waits for its end. */
  kill(): Promise<void>;
};

export function startChild(file: URL, args: readonly string[]): TestChild {
  const child: ChildProcess = spawn(process.execPath, ['bin/run.mjs', file.pathname, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (!child.stdout) throw new Error('no stdout');
  const seen = new Set<string>();
  const waiters = new Map<string, () => void>();
  const exited = once(child, 'exit');
  createInterface(child.stdout).on('line', (line) => {
    seen.add(line);
    waiters.get(line)?.();
  });
  return {
    async saw(line) {
      const printed = new Promise<void>((resolve) => waiters.set(line, resolve));
      const ended = exited.then(([code]) => {
        throw new Error(`the child ended (${code}) before it said "${line}"`);
      });
      ended.catch(() => undefined);
      if (!seen.has(line)) await Promise.race([printed, ended]);
    },
    signal: (signal) => child.kill(signal),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
