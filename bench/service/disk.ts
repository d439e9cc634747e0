/**
 * `npx tsx bench/service/disk.ts --jobs 4000`: the size of the embedded store's folder while responses arrive and
 * expire. It is bounded if the size stays constant once as many have been removed as have arrived.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openEmbeddedConnection } from '../../src/queue/embedded/embedded-connection.ts';
import { createBullmqQueue } from '../../src/queue/responses/bullmq-queue.ts';
import { makeJob, readAll, terminal, testTerminalLines, wire } from '../../test/support/queue-jobs.ts';

const { values } = parseArgs({ options: { jobs: { type: 'string', default: '4000' } } });
const jobs = Number(values.jobs);
const step = Math.max(1, Math.floor(jobs / 10));
const dataFolder = await mkdtemp(join(tmpdir(), 'thinkfirst-disk-'));
const onError = (error: Error) => process.stderr.write(`${error.message}\n`);
const connection = await openEmbeddedConnection({ dataFolder, onError, upkeepMs: 5_000 });
// The responses of two steps exist at a time; from then on the sweep removes as many as arrive.
let clock = Date.now();
const settings = { retentionMs: 2 * step * 1_000, sweepMs: 500, maxWaiting: Number.MAX_SAFE_INTEGER };
const queue = await createBullmqQueue({
  connection,
  settings,
  terminalLines: testTerminalLines,
  onError,
  now: () => clock,
});
await queue.consume({ concurrency: 8, models: ['scripted'] }, async (lease) => {
  await lease.append(Array.from({ length: 40 }, (_, number) => wire(number, 'a word or two of an answer')));
  await lease.append([terminal(40)]);
});
const rows: { jobs: number; folderMB: number; kBPerJobAlive: number }[] = [];
const empty = await folderBytes(dataFolder);
for (let done = 0; done < jobs; done += step) {
  for (let count = 0; count < step; count += 8) {
    const batch = Array.from({ length: Math.min(8, step - count) }, () => makeJob());
    for (const job of batch) await queue.add(job);
    await Promise.all(batch.map(({ id }) => readAll(queue, id)));
    clock += batch.length * 1_000;
  }
  const bytes = await folderBytes(dataFolder);
  const alive = Math.min(done + step, 2 * step);
  rows.push({ jobs: done + step, folderMB: bytes / 1e6, kBPerJobAlive: (bytes - empty) / 1e3 / alive });
  process.stderr.write(`${done + step} jobs: ${(bytes / 1e6).toFixed(1)} MB\n`);
}
await queue.close();
await connection.close();
console.table([{ jobs: 0, folderMB: empty / 1e6, kBPerJobAlive: 0 }, ...rows]);
await rm(dataFolder, { recursive: true, force: true });

async function folderBytes(folder: string): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    sum += entry.isDirectory() ? await folderBytes(path) : (await stat(path).catch(() => ({ size: 0 }))).size;
  }
  return sum;
}
