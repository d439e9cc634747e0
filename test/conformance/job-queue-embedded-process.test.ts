import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JobQueue } from '../../src/core/job-queue.ts';
import { createEmbeddedQueue } from '../../src/queue/embedded/embedded-queue.ts';
import { startChild } from '../support/child-process.ts';
import { makeJob, nextWire, readAll, terminal, testTerminalLines, wire } from '../support/queue-jobs.ts';

const child = new URL('../support/queue-child.ts', import.meta.url);

describe('the embedded queue and its folder', () => {
  let dataFolder: string;
  let opened: JobQueue[];
  const open = async (folder = dataFolder) => {
    const queue = await createEmbeddedQueue({
      dataFolder: folder,
      terminalLines: testTerminalLines,
      log: { warn() {} },
    });
    opened.push(queue);
    return queue;
  };
  const closeAll = async () => {
    for (const queue of opened.splice(0)) await queue.close();
  };
  beforeEach(async () => {
    dataFolder = await mkdtemp(join(tmpdir(), 'thinkfirst-queue-'));
    opened = [];
  });
  afterEach(async () => {
    await closeAll();
    await rm(dataFolder, { recursive: true, force: true });
  });

  test('keeps its jobs when it is closed and opened again', async () => {
    const [ended, waiting] = [makeJob(), makeJob()];
    const queue = await open();
    await queue.add(ended);
    const consumer = await queue.consume({ concurrency: 1, models: ['scripted'] }, (lease) =>
      lease.append([wire(0), terminal(1)]),
    );
    await readAll(queue, ended.id);
    await consumer.close({ drainMs: 1_000 });
    await queue.add(waiting);
    await closeAll();

    const reopened = await open();
    expect(await reopened.get(ended.id)).toMatchObject({ job: ended, status: 'completed' });
    expect(await readAll(reopened, ended.id)).toEqual([wire(0), terminal(1)]);
    expect(await reopened.get(waiting.id)).toMatchObject({ job: waiting, status: 'queued' });
  });

  test('goes on after kill -9: the running job is tried again with its log, the waiting one runs', async () => {
    const process = startChild(child, ['embedded', dataFolder]);
    await process.saw('leased resp_running');
    await process.kill();

    const queue = await open();
    await queue.consume({ concurrency: 1, models: ['scripted'] }, (lease) =>
      lease.append([terminal(nextWire(lease.log))]),
    );
    expect(await readAll(queue, 'resp_running')).toEqual([wire(0, 'attempt 1'), terminal(1)]);
    expect(await queue.get('resp_running')).toMatchObject({ attempts: 2 });
    expect(await readAll(queue, 'resp_waiting')).toEqual([terminal(0)]);
  });

  test('says in one line that another process has the folder, even one that hangs', async () => {
    const process = startChild(child, ['embedded', dataFolder]);
    await process.saw('ready');
    process.signal('SIGSTOP');
    try {
      await expect(open()).rejects.toMatchObject({
        code: 'backend_unavailable',
        message: expect.stringMatching(/^The data folder .* is in use by another Thinkfirst process\.[^\n]*$/),
      });
    } finally {
      process.signal('SIGCONT');
      await process.kill();
    }
  });

  test('says in one line that the folder cannot be written', async () => {
    const file = join(dataFolder, 'file');
    await writeFile(file, '');
    await expect(open(join(file, 'below'))).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: expect.stringMatching(/^The data folder .* is not writable: [^\n]*$/),
    });
  });
});
