import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { checkWall } from '../../../src/tools/python/check-wall.ts';
import { createCodeInterpreter } from '../../../src/tools/python/code-interpreter.ts';
import type { PythonLimits } from '../../../src/tools/python/interpreter.ts';
import { createPythonSandbox, type PythonContainer } from '../../../src/tools/python/python-sandbox.ts';

const check = await checkWall();
const reason = 'reason' in check ? check.reason : undefined;
if (reason !== undefined) console.warn(`Python is not run: ${reason}`);

const limits: PythonLimits = { timeMs: 10_000, memoryMegabytes: 512, outputBytes: 2_000 };
const { signal } = new AbortController();
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

describe('the probe of the wall', () => {
  it('finds everything possible where there is no wall', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'thinkfirst-probe-'));
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    await writeFile(join(folder, 'file'), 'seen');
    const probe = path('../../../src/tools/python/probe.mjs');
    const child = spawn(process.execPath, [probe, join(folder, 'file'), String(port), join(folder, 'written')], {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    });
    const report = child.stdio[3];
    expect(JSON.parse(report instanceof Readable ? await text(report) : '')).toHaveLength(8);
    server.close();
    await rm(folder, { recursive: true });
  }, 60_000);
});

describe.skipIf(reason !== undefined)('Python sandbox', () => {
  const sandbox = createPythonSandbox({ limits, processes: 2, warn: (warning) => expect(warning).toBe('') });
  beforeAll(async () => {
    await (await sandbox.open({ signal })).close();
  }, 180_000);
  afterAll(() => sandbox.close());

  async function inContainer<T>(use: (container: PythonContainer) => Promise<T>): Promise<T> {
    const container = await sandbox.open({ signal });
    try {
      return await use(container);
    } finally {
      await container.close();
    }
  }

  it.each([
    ['the value of the last expression', 'x = 20\nx + 1', '21\n'],
    ['nothing for None', 'print("a")\nNone', 'a\n'],
    [
      'standard error and output in their order',
      'import sys\nprint(1)\nprint(2, file=sys.stderr)\nprint(3)',
      '1\n2\n3\n',
    ],
    ['what an event loop of its own gives', 'import asyncio\nasync def f(): return 5\nasyncio.run(f())', '5\n'],
    ['what is awaited', 'import asyncio\nawait asyncio.sleep(0.01, 7)', '7\n'],
    [
      'modules of the library',
      'import sqlite3\nsqlite3.connect(":memory:").execute("select 6*7").fetchone()',
      '(42,)\n',
    ],
    ['files that it wrote', 'with open("/tmp/a", "w") as f: f.write("b")\nopen("/tmp/a").read()', "'b'\n"],
  ])('shows %s', { timeout: 60_000 }, async (_, code, logs) => {
    expect(await inContainer((container) => container.run(code, { signal }))).toMatchObject({
      logs,
      exitReason: 'done',
    });
  });

  it('keeps names within a container, and for no other', { timeout: 60_000 }, async () => {
    await inContainer(async (container) => {
      await container.run('def f(n): return n * 2', { signal });
      expect(await container.run('f(4)', { signal })).toMatchObject({ logs: '8\n', restarted: false });
    });
    const { error } = await inContainer((container) => container.run('f(4)', { signal }));
    expect(error).toContain('NameError');
  });

  it('gives each container randomness of its own', { timeout: 60_000 }, async () => {
    const code = 'import random, uuid, tempfile\n(random.random(), uuid.uuid4(), tempfile.mktemp())';
    const drawn = await Promise.all([1, 2].map(() => inContainer((container) => container.run(code, { signal }))));
    expect(drawn[0]?.logs).not.toBe(drawn[1]?.logs);
    expect(drawn.map(({ exitReason }) => exitReason)).toEqual(['done', 'done']);
  });

  it("begins a traceback at the code's own line", { timeout: 60_000 }, async () => {
    const { error } = await inContainer((container) => container.run('a = 1\n1 / 0', { signal }));
    expect(error).toMatch(/^Traceback \(most recent call last\):\n {2}File "<call 1>", line 2/);
  });

  it('goes on in a fresh process behind a timeout, and says so', { timeout: 60_000 }, async () => {
    await inContainer(async (container) => {
      await container.run('a = 1', { signal });
      expect(await container.run('print("b")\nwhile True: pass', { signal, timeMs: 2_000 })).toMatchObject({
        logs: 'b\n',
        exitReason: 'timeout',
      });
      expect(await container.run('a', { signal })).toMatchObject({ exitReason: 'error', restarted: true });
      expect(await container.run('2', { signal })).toMatchObject({ logs: '2\n', restarted: false });
    });
  });

  it('keeps its names when memory or output ran out', { timeout: 60_000 }, async () => {
    await inContainer(async (container) => {
      await container.run('a = 1', { signal });
      expect(await container.run('bytearray(10**9)', { signal })).toMatchObject({ exitReason: 'memory' });
      const flood = await container.run('while True: print("x" * 99)', { signal });
      expect(flood.exitReason).toBe('output');
      expect(flood.logs.length).toBe(limits.outputBytes);
      expect(await container.run('a', { signal })).toMatchObject({ logs: '1\n', restarted: false });
    });
  });

  it('ends a run that is given up', { timeout: 60_000 }, async () => {
    await inContainer(async (container) => {
      const stop = new AbortController();
      const run = container.run('while True: pass', { signal: stop.signal });
      stop.abort(new Error('given up'));
      await expect(run).rejects.toThrow('given up');
    });
  });

  it('has a further container wait until one is closed', { timeout: 60_000 }, async () => {
    const [first, second] = [await sandbox.open({ signal }), await sandbox.open({ signal })];
    let isOpen = false;
    const third = sandbox.open({ signal }).then((container) => {
      isOpen = true;
      return container;
    });
    await second.run('1', { signal });
    expect(isOpen).toBe(false);
    await first.close();
    await (await third).close();
    await second.close();
  });

  it('is a tool: code, its output, and what went wrong', { timeout: 60_000 }, async () => {
    const tool = createCodeInterpreter(sandbox, limits);
    const entry = await tool.open({ type: 'code_interpreter', container: { type: 'auto' } }, { signal });
    const session = entry.session();
    expect(entry.functions.map(({ name }) => name)).toEqual(['python']);
    expect(entry.functions[0]?.description).toContain('10 seconds');
    expect(await session.call('python', { code: 'print(1)\n2' }, { signal })).toMatchObject({
      output: '1\n2\n',
      isError: false,
    });
    expect(await session.call('python', {}, { signal })).toMatchObject({ isError: true });
    const failed = await session.call('python', { code: 'print(1)\nx' }, { signal });
    expect(failed).toMatchObject({ isError: true, output: expect.stringMatching(/^1\nTraceback[\s\S]*NameError/) });
    await session.call('python', { code: 'import os; os._exit(0)' }, { signal });
    expect((await session.call('python', { code: '3' }, { signal })).output).toMatch(
      /^\[Python was restarted[\s\S]*\n3\n$/,
    );
    await entry.close();
    await expect(session.call('python', { code: '4' }, { signal })).rejects.toThrow('closed');
  });
});

describe.skipIf(reason !== undefined)('a worker that is killed', () => {
  it('takes its Pythons with it', { timeout: 180_000 }, async () => {
    const worker = fork(path('./orphan.ts'), { execArgv: ['--import', 'tsx'] });
    await once(worker, 'message');
    const pythons = await descendants(worker.pid ?? 0);
    expect(pythons.length).toBeGreaterThan(0);
    worker.kill('SIGKILL');
    await vi.waitFor(async () => expect(await alive(pythons)).toEqual([]), { timeout: 60_000, interval: 100 });
  });
});

async function parents(): Promise<Map<number, number>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const entries = await Promise.all(
    pids.map(async (pid): Promise<[number, number]> => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      // What has ended and waits for its parent to hear of it is gone.
      const isGone = /^State:\s*Z/m.test(status);
      return [pid, isGone ? 0 : Number(/^PPid:\s*(\d+)/m.exec(status)?.[1] ?? 0)];
    }),
  );
  return new Map(entries);
}

async function descendants(root: number): Promise<number[]> {
  const known = await parents();
  const below = (pid: number): number[] =>
    [...known].filter(([, parent]) => parent === pid).flatMap(([child]) => [child, ...below(child)]);
  return below(root);
}

async function alive(pids: readonly number[]): Promise<number[]> {
  const known = await parents();
  return pids.filter((pid) => (known.get(pid) ?? 0) > 0);
}
