import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { checkWall } from './check-wall.ts';
import {
  type Interpreter,
  type PythonLimits,
  type RunOptions,
  type RunResult,
  startInterpreter,
} from './interpreter.ts';
import { createSlots } from './slots.ts';
import type { Wall } from './wall.ts';

/** Python for code that nobody has read. */
export type PythonSandbox = {
  /** Why it can't run on this machine; undefined where it can. */
  unavailable(): Promise<string | undefined>;
  /** Starts the spare process if there is none, so that the first call need not wait for it. */
  warm(): void;
  /** A container for one chain. @throws Error where it can't run here or does not start; the reason of `signal` */
  open(options: { signal: AbortSignal }): Promise<PythonContainer>;
  /** Ends all processes. */
  close(): Promise<void>;
};

export type PythonContainer = {
  /**
   * Runs code behind what was run before: names live on until the process ends, as it does at the limits of time and, mostly,
   * of memory. The next run then has a fresh process, and its result says so. One call at a time.
   * @throws the reason of `signal`
   */
  run(code: string, options: RunOptions): Promise<ContainerResult>;
  close(): Promise<void>;
};

/** `restarted`: the names of earlier runs were lost before this one. */
export type ContainerResult = RunResult & { restarted: boolean };

/**
 * A sandbox whose first container starts from Python's library; the memory of that start is kept, and all later ones start from
 * it. From then on one spare process that has run nobody's code waits for the next container.
 * @param options.processes most containers that live at a time; further ones wait
 */
export function createPythonSandbox({
  limits,
  processes,
  warn,
}: {
  limits: PythonLimits;
  processes: number;
  /** Hears why the memory of the first start could not be kept; each start takes seconds then. */
  warn(reason: string): void;
}): PythonSandbox {
  const living = new Set<Interpreter>();
  const containers = createSlots(processes);
  // What waits for a processor would use up its time by the clock.
  const runs = createSlots(Math.max(2, availableParallelism()));
  let memory: Promise<Awaited<ReturnType<typeof keepMemory>> | undefined> | undefined;
  let spare: Promise<Interpreter> | undefined;
  let closed = false;

  function launch(wall: Wall, from: number | undefined): Interpreter {
    const interpreter = startInterpreter(wall, { limits, newId: randomUUID, from });
    living.add(interpreter);
    void interpreter.gone.then(() => living.delete(interpreter));
    if (closed) void interpreter.kill();
    return interpreter;
  }

  /** The first one makes the memory that the others start from; without one, each starts from the library. */
  async function start(): Promise<Interpreter> {
    const check = await checkWall();
    if ('reason' in check) throw new Error(check.reason);
    if (memory === undefined) {
      const first = launch(check.wall, undefined);
      memory = keepMemory(first).catch((error: unknown) => {
        memory = undefined;
        if (!closed) warn(String(error));
        return undefined;
      });
      await first.ready;
      return first;
    }
    const interpreter = launch(check.wall, (await memory)?.descriptor);
    // There is one where the first start's memory could not be kept; nobody needs this one's.
    interpreter.memory?.destroy();
    await interpreter.ready;
    return interpreter;
  }

  function refill(): void {
    if (closed || spare !== undefined) return;
    spare = start();
    spare.catch(() => {
      spare = undefined;
    });
  }

  async function take(): Promise<Interpreter> {
    const waiting = spare;
    spare = undefined;
    const kept = await waiting?.catch(() => undefined);
    const taken = kept?.alive === true ? kept : await start();
    refill();
    return taken;
  }

  /** A process for a caller that may give up; it then ends as soon as it has started. */
  async function takeFor(signal: AbortSignal): Promise<Interpreter> {
    signal.throwIfAborted();
    const taking = take();
    let giveUp = () => {};
    const given = new Promise<never>((_, reject) => {
      giveUp = () => {
        taking.then((taken) => taken.kill()).catch(() => {});
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
    });
    try {
      return await Promise.race([taking, given]);
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  return {
    async unavailable() {
      const check = await checkWall();
      return 'reason' in check ? check.reason : undefined;
    },
    warm: refill,
    async open({ signal }) {
      const release = await containers.acquire(signal);
      let interpreter: Interpreter;
      try {
        interpreter = await takeFor(signal);
      } catch (error) {
        release();
        throw error;
      }
      let restarted = false;
      return {
        async run(code, options) {
          const leave = await runs.acquire(options.signal);
          try {
            if (!interpreter.alive) {
              interpreter = await takeFor(options.signal);
              restarted = true;
            }
            const result = { ...(await interpreter.run(code, options)), restarted };
            restarted = false;
            return result;
          } finally {
            leave();
          }
        },
        async close() {
          await interpreter.kill();
          release();
        },
      };
    },
    async close() {
      closed = true;
      const keeping = memory;
      await Promise.all([...living].map((interpreter) => interpreter.kill()));
      await (await keeping)?.close();
    },
  };
}

/** Writes the memory of a Python to a file that has no name any more once it is complete. */
async function keepMemory({ memory, ready }: Interpreter): Promise<{ descriptor: number; close(): Promise<void> }> {
  if (memory === undefined) throw new Error('no memory was asked for');
  const folder = await mkdtemp(join(tmpdir(), 'thinkfirst-python-'));
  try {
    const file = join(folder, 'memory');
    await pipeline(memory, createWriteStream(file, { mode: 0o600 }));
    // A process that died while it wrote has left a part.
    await ready;
    const handle = await open(file, 'r');
    return { descriptor: handle.fd, close: () => handle.close() };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
