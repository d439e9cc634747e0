import type { ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Duplex, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { parseJson } from '../../core/parse-json.ts';
import type { Wall } from './wall.ts';

export type PythonLimits = {
  /** Of one run, by the clock; ms. */
  timeMs: number;
  /** Of the process, Python's own 150 MB included. */
  memoryMegabytes: number;
  /** Of one run. */
  outputBytes: number;
};

export type RunResult = {
  /** What the code printed, and the value of its last expression; cut at the limit. */
  logs: string;
  /** Python's traceback, or the reason why the run was ended. */
  error?: string;
  exitReason: 'done' | 'error' | 'timeout' | 'memory' | 'output' | 'crashed';
  durationMs: number;
};

/** `timeMs`: less than the limit. */
export type RunOptions = { signal: AbortSignal; timeMs?: number };

/** One Python in a process of its own, from its start to its end. */
export type Interpreter = {
  /** Rejects where it does not come up. */
  readonly ready: Promise<void>;
  /** False once the process has ended or is being ended; what it knew is lost. */
  readonly alive: boolean;
  /** The memory of a Python that has started, where it was asked for one; ends with the process at the latest. */
  readonly memory: Readable | undefined;
  /** Runs code, one call at a time. @throws the reason of `signal`; the process is ended then */
  run(code: string, options: RunOptions): Promise<RunResult>;
  /** Resolves once the process has ended. */
  readonly gone: Promise<void>;
  /** Ends the process; resolves once it is gone. */
  kill(): Promise<void>;
};

/** ms; some seconds on a quiet machine without a snapshot, some tenths of one with it. */
const startLimit = 120_000;
/** What bubblewrap exits with when the process behind it was killed for want of memory. */
const killedExit = 128 + 9;

const childScript = fileURLToPath(new URL('./child.mjs', import.meta.url));
const runner = fileURLToPath(new URL('./runner.py', import.meta.url));
const pyodideFiles = [
  'pyodide.mjs',
  'pyodide.asm.mjs',
  'pyodide.asm.wasm',
  'pyodide-lock.json',
  'python_stdlib.zip',
] as const;

const nodeOptions = [
  // No way from a function's constructor to code of one's own.
  '--disallow-code-generation-from-strings',
  '--max-old-space-size=192',
  '--max-semi-space-size=2',
  '--v8-pool-size=1',
];

const FromChild = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('output'), run: z.string(), text: z.string() }),
  z.object({
    type: z.literal('ended'),
    run: z.string(),
    kind: z.enum(['done', 'error', 'memory', 'interrupted', 'output']),
    error: z.string().nullable(),
  }),
]);
type FromChild = z.infer<typeof FromChild>;

/**
 * Starts a Python behind the wall. `from` is the descriptor of the memory of one that has started before, which saves it most
 * of its start; without it, it starts from the library and gives such a memory. `script`: what runs behind the wall; tests put
 * hostile ones in its place.
 */
export function startInterpreter(
  wall: Wall,
  options: { limits: PythonLimits; newId: () => string; from: number | undefined; script?: string },
): Interpreter {
  const { limits, newId } = options;
  const child = startChild(wall, options);
  const memory: unknown = child.stdio[4];
  const link = openLink(child, { mostBytes: limits.outputBytes * 8 + 1_000_000 });
  const ready = untilReady(link);
  ready.catch(() => {});
  return {
    ready,
    gone: link.exited.then(() => {}),
    memory: memory instanceof Readable ? memory : undefined,
    get alive() {
      return link.alive;
    },
    run: (code, { signal, timeMs = limits.timeMs }) =>
      runCode(link, { run: newId(), code, outputBytes: limits.outputBytes }, { signal, timeMs }),
    async kill() {
      link.end();
      await link.exited;
    },
  };
}

function startChild(
  wall: Wall,
  { limits, from, script = childScript }: { limits: PythonLimits; from: number | undefined; script?: string },
): ChildProcess {
  const pyodide = dirname(createRequire(import.meta.url).resolve('pyodide/package.json'));
  return wall.start({
    files: {
      '/sandbox/child.mjs': script,
      '/sandbox/runner.py': runner,
      ...Object.fromEntries(pyodideFiles.map((name) => [`/sandbox/pyodide/${name}`, join(pyodide, name)])),
    },
    args: [from === undefined ? 'snapshot' : 'restore'],
    nodeOptions,
    memoryMegabytes: limits.memoryMegabytes,
    descriptor: from ?? 'pipe',
  });
}

/** The process, and what it sends. */
type Link = {
  readonly alive: boolean;
  /** How it ended. Never rejects. */
  readonly exited: Promise<string>;
  /** The last that it wrote to standard error. */
  complaint(): string;
  /** Gives the frames that follow to `hear`; without it, any frame ends the process, since nothing was asked. */
  listen(hear?: (frame: FromChild) => void): void;
  send(line: string): void;
  end(): void;
};

function openLink(child: ChildProcess, { mostBytes }: { mostBytes: number }): Link {
  const [, , errors, channel] = child.stdio;
  if (!(channel instanceof Duplex)) throw new Error('a child process has no channel');
  const complaint = lastOf(errors instanceof Readable ? errors : undefined);
  let alive = true;
  const end = () => {
    alive = false;
    child.kill('SIGKILL');
  };
  let hear: (frame: FromChild) => void = end;
  const exited = exitOf(child, channel).then((how) => {
    alive = false;
    return how;
  });
  // A child that dies while it is written to says so by its exit.
  channel.on('error', () => {});
  readFrames(channel, { most: mostBytes, hear: (frame) => hear(frame), refuse: end });
  return {
    get alive() {
      return alive;
    },
    exited,
    complaint,
    listen(next = end) {
      hear = next;
    },
    send: (line) => void channel.write(`${line}\n`),
    end,
  };
}

function untilReady(link: Link): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(link.end, startLimit);
    link.listen(({ type }) => {
      clearTimeout(timer);
      if (type === 'ready') resolve();
      else link.end();
      link.listen();
    });
    link.exited.then((how) => {
      clearTimeout(timer);
      reject(new Error(`Python did not start (${how}): ${link.complaint().trim().slice(-300)}`));
    });
  });
}

function runCode(
  link: Link,
  asked: { run: string; code: string; outputBytes: number },
  { signal, timeMs }: Required<RunOptions>,
): Promise<RunResult> {
  const started = performance.now();
  const logs: string[] = [];
  let left = asked.outputBytes;
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      link.listen();
    };
    const finish = (exitReason: RunResult['exitReason'], error?: string | null) => {
      stop();
      const durationMs = Math.round(performance.now() - started);
      resolve({ logs: logs.join(''), ...(error && { error }), exitReason, durationMs });
    };
    const abort = () => {
      stop();
      link.end();
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      link.end();
      finish('timeout', `Stopped: the code ran longer than ${timeMs / 1_000} s.`);
    }, timeMs);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    link.listen((frame) => {
      // The run's id is known to nobody else; what comes without it was forged.
      if (frame.type === 'ready' || frame.run !== asked.run) return link.end();
      if (frame.type === 'ended') return finish(...endOf(frame));
      left -= frame.text.length;
      // The script behind the wall sends no more than that: this was sent by something else.
      if (left < 0) return link.end();
      logs.push(frame.text);
    });
    link.exited.then((how) => finish(...deathOf(how, link.complaint())));
    link.send(JSON.stringify(asked));
  });
}

function endOf({ kind, error }: Extract<FromChild, { type: 'ended' }>): [RunResult['exitReason'], string | null] {
  switch (kind) {
    case 'done':
    case 'error':
    case 'memory':
      return [kind, error];
    case 'interrupted':
      return ['error', error];
    case 'output':
      return [kind, 'Stopped: the code printed more than is kept. What it printed first is above.'];
    default:
      return kind satisfies never;
  }
}

function deathOf(how: string, complaint: string): [RunResult['exitReason'], string] {
  if (how === `exit code ${killedExit}` || /out of memory|allocation failed|bad_alloc/i.test(complaint)) {
    return ['memory', 'Stopped: the code needed more memory than it may have.'];
  }
  return ['crashed', 'The Python process broke off.'];
}

/** How it ended, once nothing behind the wall holds the channel any more. Never rejects. */
function exitOf(child: ChildProcess, channel: Duplex): Promise<string> {
  const closed = new Promise((resolve) => {
    channel.once('close', resolve);
  });
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      void closed.then(() => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
    });
    child.once('error', (error) => resolve(`spawn failed: ${error.message}`));
  });
}

/** The last characters that a stream has given so far. */
function lastOf(stream: Readable | undefined): () => string {
  let last = '';
  stream?.setEncoding('utf8').on('data', (text: string) => {
    last = `${last}${text}`.slice(-4_000);
  });
  return () => last;
}

/** Reads lines of JSON. More than `most` bytes in one line, or a line that is none of ours, and `refuse` is called. */
function readFrames(
  stream: Readable,
  { most, hear, refuse }: { most: number; hear(frame: FromChild): void; refuse(): void },
): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > most) return refuse();
    for (const line of lines) {
      const frame = FromChild.safeParse(parseJson(line));
      if (!frame.success) return refuse();
      hear(frame.data);
    }
  });
}
