import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkWall } from '../../../src/tools/python/check-wall.ts';
import { type PythonLimits, type RunResult, startInterpreter } from '../../../src/tools/python/interpreter.ts';
import { createPythonSandbox } from '../../../src/tools/python/python-sandbox.ts';
import { hostileCases } from './hostile-cases.ts';

const check = await checkWall();
const reason = 'reason' in check ? check.reason : undefined;
if (reason !== undefined) console.warn(`hostile code is not run: ${reason}`);

const limits: PythonLimits = { timeMs: 10_000, memoryMegabytes: 384, outputBytes: 64_000 };
/** A run has ended one second after its limit; a busy machine may take longer to say so. ms */
const margin = 5_000;
const signal = new AbortController().signal;

const secret = randomUUID();
// Not below /tmp, of which a sandbox might have one of its own.
const folder = mkdtempSync(join(homedir(), '.thinkfirst-test-'));
const file = join(folder, 'secret');
writeFileSync(file, secret);
process.env['THINKFIRST_TEST_SECRET'] = secret;

let connections = 0;
const server = createServer((socket) => {
  connections += 1;
  socket.end(secret);
});
server.listen(0, '::');
await once(server, 'listening');
const address = server.address();
const values = {
  file,
  folder,
  variable: 'THINKFIRST_TEST_SECRET',
  port: String(typeof address === 'object' ? address?.port : address),
  pid: String(process.pid),
  ppid: String(process.ppid),
};

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What would tell of a hole, wherever it shows. */
function expectNothingReached(result: RunResult): void {
  const shown = JSON.stringify(result);
  expect(shown).not.toContain(secret);
  expect(shown).not.toContain('REACHED');
  expect(shown).not.toContain(readFileSync('/etc/passwd', 'utf8').split('\n')[0]);
  expect(connections).toBe(0);
}

/**
 * Which limit a run meets first depends on the machine; that it met one does not. Only a case that may come to its end by
 * itself is `done`.
 */
function expectEnd(result: RunResult, ends: readonly string[]): void {
  if (!ends.includes('done')) expect(result.exitReason, JSON.stringify(result).slice(0, 600)).not.toBe('done');
}

describe.skipIf(reason !== undefined)('hostile Python', () => {
  const sandbox = createPythonSandbox({ limits, processes: 4, warn: (warning) => expect(warning).toBe('') });
  beforeAll(async () => {
    const first = await sandbox.open({ signal });
    await first.close();
  }, 120_000);
  afterAll(() => sandbox.close());

  // They mostly wait for their limit: two at a time, by maxConcurrency.
  test.concurrent.each(hostileCases('hostile-python.txt', values))(
    '$name',
    async ({ code, ends, timeMs }) => {
      const container = await sandbox.open({ signal });
      try {
        const result = await container.run(code, { signal, timeMs });
        expectNothingReached(result);
        expect(result.error ?? '').not.toContain('SyntaxError');
        expectEnd(result, ends);
        expect(result.durationMs).toBeLessThan(timeMs + margin);
        expect(result.logs.length).toBeLessThanOrEqual(limits.outputBytes);
      } finally {
        await container.close();
      }
    },
    60_000,
  );

  test('leaves nothing behind for the next container', async () => {
    const container = await sandbox.open({ signal });
    expect(await container.run('print(sorted({3, 1, 2}))\n6 * 7', { signal })).toMatchObject({
      logs: '[1, 2, 3]\n42\n',
      exitReason: 'done',
    });
    await container.close();
  }, 60_000);
});

describe.skipIf(reason !== undefined)('hostile JavaScript in the child', () => {
  const script = fileURLToPath(new URL('./hostile-child.mjs', import.meta.url));

  // They mostly wait for their limit: two at a time, by maxConcurrency.
  test.concurrent.each(hostileCases('hostile-javascript.txt', values))(
    '$name',
    async ({ code, ends, timeMs }) => {
      if ('reason' in check) throw new Error(check.reason);
      const interpreter = startInterpreter(check.wall, { limits, newId: randomUUID, from: undefined, script });
      try {
        await interpreter.ready;
        const result = await interpreter.run(code, { signal, timeMs });
        expectNothingReached(result);
        expect(result.error ?? '').not.toContain('SyntaxError');
        expectEnd(result, ends);
        expect(result.durationMs).toBeLessThan(timeMs + margin);
      } finally {
        // Resolves only once every process behind the wall has let the channel go.
        await interpreter.kill();
      }
    },
    60_000,
  );
});
