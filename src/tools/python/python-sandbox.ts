import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createSlots, type Slots } from '../../core/slots.ts';
import { checkWall } from './check-wall.ts';
import {
  type Interpreter,
  type PythonLimits,
  type RunOptions,
  type RunResult,
  startInterpreter,
} from './interpreter.ts';
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

type SandboxOptions = {
  limits: PythonLimits;
  /** Most containers that live at a time; further ones wait. */
  processes: number;
  /** Hears why the memory of the first start could not be kept; each start takes seconds then. */
  warn(reason: string): void;
};

/**
 * A sandbox whose first container starts from Python's library; the memory of that start is kept, and all later ones start from
 * it. From then on one spare process that has run nobody's code waits for the next container.
 */
export function createPythonSandbox({ processes, ...options }: SandboxOptions): PythonSandbox {
  const interpreters = createInterpreters(options);
  const containers = createSlots(processes);
  // What waits for a processor would use up its time by the clock.
  const runs = createSlots(Math.max(2, availableParallelism()));
  return {
    async unavailable() {
      const check = await checkWall();
      return 'reason' in check ? check.reason : undefined;
    },
    warm: interpreters.refill,
    async open({ signal }) {
      const release = await containers.acquire({ signal });
      try {
        return createContainer(await interpreters.take(signal), { interpreters, runs, release });
      } catch (error) {
        release();
        throw error;
      }
    },
    close: interpreters.close,
  };
}

function createContainer(
  first: Interpreter,
  { interpreters, runs, release }: { interpreters: Interpreters; runs: Slots; release(): void },
): PythonContainer {
  let interpreter = first;
  let restarted = false;
  return {
    async run(code, options) {
      const leave = await runs.acquire(options);
      try {
        if (!interpreter.alive) {
          interpreter = await interpreters.take(options.signal);
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
}

type Interpreters = {
  /** Starts the spare if there is none. */
  refill(): void;
  /** A process of one's own, at best the spare. For a caller that gives up, it ends as soon as it has started. */
  take(signal: AbortSignal): Promise<Interpreter>;
  close(): Promise<void>;
};

function createInterpreters(options: Pick<SandboxOptions, 'limits' | 'warn'>): Interpreters {
  const starter = createStarter(options);
  let spare: Promise<Interpreter> | undefined;

  function refill(): void {
    if (starter.closed || spare !== undefined) return;
    spare = starter.start();
    spare.catch(() => {
      spare = undefined;
    });
  }

  async function take(): Promise<Interpreter> {
    const waiting = spare;
    spare = undefined;
    const kept = await waiting?.catch(() => undefined);
    const taken = kept?.alive === true ? kept : await starter.start();
    refill();
    return taken;
  }

  return {
    refill,
    async take(signal) {
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
    },
    close: starter.close,
  };
}

type Starter = {
  readonly closed: boolean;
  /** @throws Error where Python can't run on this machine, or does not start */
  start(): Promise<Interpreter>;
  close(): Promise<void>;
};

/** The first one makes the memory that the others start from; without one, each starts from the library. */
function createStarter({ limits, warn }: Pick<SandboxOptions, 'limits' | 'warn'>): Starter {
  const living = new Set<Interpreter>();
  let memory: Promise<Awaited<ReturnType<typeof keepMemory>> | undefined> | undefined;
  let closed = false;

  function launch(wall: Wall, from: number | undefined): Interpreter {
    const interpreter = startInterpreter(wall, { limits, newId: randomUUID, from });
    living.add(interpreter);
    void interpreter.gone.then(() => living.delete(interpreter));
    if (closed) void interpreter.kill();
    return interpreter;
  }

  async function startFirst(wall: Wall): Promise<Interpreter> {
    const first = launch(wall, undefined);
    memory = keepMemory(first).catch((error: unknown) => {
      memory = undefined;
      if (!closed) warn(String(error));
      return undefined;
    });
    await first.ready;
    return first;
  }

  return {
    get closed() {
      return closed;
    },
    async start() {
      const check = await checkWall();
      if ('reason' in check) throw new Error(check.reason);
      if (memory === undefined) return startFirst(check.wall);
      const interpreter = launch(check.wall, (await memory)?.descriptor);
      // There is one where the first start's memory could not be kept; nobody needs this one's.
      interpreter.memory?.destroy();
      await interpreter.ready;
      return interpreter;
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
