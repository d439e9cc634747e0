import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseEnvironment } from '../../src/entry/environment.ts';
import { createLogger } from '../../src/entry/logger.ts';
import { openQueue } from '../../src/entry/open-queue.ts';
import { openRecords } from '../../src/entry/open-records.ts';
import { exportStore, importStore } from '../../src/entry/transfer-store.ts';
import { makeJob, readAll, terminal, trace, wire } from '../support/queue-jobs.ts';

describe('the embedded store', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thinkfirst-transfer-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const environment = (name: string) =>
    parseEnvironment({ THINKFIRST_DATA: join(folder, name), THINKFIRST_LOG_LEVEL: 'silent' });
  const open = async (name: string) => {
    const log = createLogger(environment(name));
    return openQueue(environment(name), { log, instruments: {} });
  };

  test('names a file that is not to be had, before the store is made', async () => {
    const nowhere = join(folder, 'no', 'export.jsonl');
    await expect(exportStore(environment('none'), nowhere)).rejects.toThrow(
      /The export can't be read or written: ENOENT/,
    );
    await expect(importStore(environment('none'), nowhere)).rejects.toThrow(
      /The export can't be read or written: ENOENT/,
    );
    await expect(readdir(folder)).resolves.toEqual([]);
  });

  test('keeps the export before where a new one fails', async () => {
    const file = join(folder, 'export.jsonl');
    await writeFile(file, 'the one before');
    await writeFile(join(folder, 'in-the-way'), 'no folder');
    await expect(exportStore(environment('in-the-way'), file)).rejects.toThrow();
    expect(await readFile(file, 'utf8')).toBe('the one before');
    expect((await readdir(folder)).sort()).toEqual(['export.jsonl', 'in-the-way']);
  });

  test('moves to another folder whole: ended, half done and waiting responses, and records', async () => {
    const [ended, half, waiting] = [makeJob({ owner: 'ann' }), makeJob(), makeJob()];
    const queue = await open('old');
    const consumer = await queue.consume({ concurrency: 2, models: ['scripted'] }, async (lease) => {
      await lease.append([wire(0), trace(0)]);
      if (lease.job.id === ended.id) return lease.append([terminal(1)]);
      await new Promise((resolve) => lease.signal.addEventListener('abort', resolve));
    });
    for (const job of [half, ended]) await queue.add(job);
    await readAll(queue, ended.id);
    await vi.waitFor(
      async () => expect(await readAll(queue, half.id, { stream: 'wire', follow: false })).toHaveLength(1),
      {
        timeout: 20_000,
      },
    );
    await consumer.close({ drainMs: 0 });
    await queue.add(waiting);
    await queue.close();
    const { records } = await openRecords(environment('old'));
    const readers = `readers:${ended.id}`;
    const kept = [
      'conversations:c1',
      'chat-completions:chatcmpl-1',
      'chat-completions-of:none:1:0:chatcmpl-1',
      readers,
    ];
    for (const key of kept) await records.set(key, { a: 1 });
    await records.close();

    const file = join(folder, 'export.jsonl');
    expect(await exportStore(environment('old'), file)).toEqual({ responses: 3, records: 4 });
    // What is known of a response's readers comes behind the response: a sweep would remove it before.
    expect((await readFile(file, 'utf8')).trim().split('\n').at(-1)).toContain(readers);
    expect(await importStore(environment('new'), file)).toEqual({ responses: 3, records: 4, there: 0 });
    expect(await importStore(environment('new'), file)).toEqual({ responses: 0, records: 0, there: 7 });

    const moved = await open('new');
    expect(await moved.get(ended.id)).toMatchObject({ job: ended, status: 'completed' });
    expect(await readAll(moved, ended.id)).toEqual([wire(0), terminal(1)]);
    expect((await moved.list({ owner: 'ann', limit: 5 })).jobs).toHaveLength(1);
    await moved.consume({ concurrency: 1, models: ['scripted'] }, async (lease) => {
      await lease.append([terminal(lease.log.filter(({ stream }) => stream === 'wire').length)]);
    });
    expect(await readAll(moved, half.id)).toEqual([wire(0), terminal(1)]);
    expect(await readAll(moved, waiting.id)).toEqual([terminal(0)]);
    await moved.close();
  });

  test('says how to move where another PostgreSQL wrote it', async () => {
    await (await open('old')).close();
    const file = join(folder, 'old', 'queue', 'PG_VERSION');
    expect((await readFile(file, 'utf8')).trim()).toMatch(/^\d+$/);
    await writeFile(file, '15\n');
    await expect(open('old')).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(/PostgreSQL 15.*thinkfirst export.*thinkfirst import/),
    });
  });

  test('names the line of a file that is no export', async () => {
    const file = join(folder, 'x');
    await writeFile(file, 'hello\n');
    await expect(importStore(environment('new'), file)).rejects.toThrow(/line 1/);
  });
});
