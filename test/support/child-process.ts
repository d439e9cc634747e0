import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

/** A TypeScript file in a separate process, with a way to wait for its output lines. */
export type TestChild = {
  saw(line: string): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** kill -9, then waits for its end. */
  kill(): Promise<void>;
};

/**
 * Lets a process run a tenth of the time, until it is let go or has ended: who follows it, on however busy a machine, is
 * never far behind.
 */
export function slowed(pid: number): { letGo(): void } {
  let isSlow = true;
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(pid, name);
    } catch {
      isSlow = false;
    }
  };
  const takeTurns = async () => {
    while (isSlow) {
      signal('SIGSTOP');
      await pause(45);
      signal('SIGCONT');
      await pause(5);
    }
  };
  void takeTurns();
  return {
    letGo() {
      isSlow = false;
      signal('SIGCONT');
    },
  };
}

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
