/**
 * `npm run bench:service [-- --json] [--scale 1]`: the cost of API and queue, in one run with its own Redis. `--scale`
 * makes every count smaller, for a quick try. Compare only the ratios: absolute figures depend on this machine.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { terminalLines } from '../../src/contracts/responses/terminal-lines.ts';
import { createRedisQueue } from '../../src/queue/redis/redis-queue.ts';
import { startTestRedis } from '../../test/support/redis-server.ts';
import { instantWorker } from './instant-worker.ts';
import { quantile, rounded } from './quantile.ts';
import { newRead, readStream, startApiProcess } from './streams.ts';
import { bareJobsPerSecond, boundJobsPerSecond, ownJobsPerSecond, pacedJobsPerSecond } from './throughput.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, scale: { type: 'string', default: '1' } },
});
const scale = Number(values.scale);
const sized = (count: number) => Math.max(1, Math.round(count * scale));
const common = { terminalLines, settings: { maxWaiting: Number.MAX_SAFE_INTEGER }, log: { warn() {} } };
const body = { input: 'hello', mode: 'fast', stream: true };

type Row = { figure: string; value: number | string; aim: string };
const rows: Row[] = [];
const tell = (figure: string, value: number | string, aim = '') => {
  rows.push({ figure, value, aim });
  process.stderr.write(`${figure}: ${value} ${aim && `(aim ${aim})`}\n`);
};

const redis = await startTestRedis();
try {
  await throughput();
  await scaling();
  await firstToken();
  await manyStreams();
} finally {
  await redis.close();
}
if (values.json) process.stdout.write(`${JSON.stringify({ cores: cpus().length, scale, rows }, null, 2)}\n`);
else console.table(rows);

async function throughput(): Promise<void> {
  const jobs = sized(5_000);
  // First warms up both, then alternates, so that a busy moment affects both.
  await ownJobsPerSecond(redis.url, sized(500));
  await bareJobsPerSecond(redis.url, sized(500));
  await boundJobsPerSecond(redis.url, sized(500));
  const bare: number[] = [];
  const bound: number[] = [];
  const own: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    bare.push(await bareJobsPerSecond(redis.url, jobs));
    bound.push(await boundJobsPerSecond(redis.url, jobs));
    own.push(await ownJobsPerSecond(redis.url, jobs));
  }
  const [bareRate, boundRate, ownRate] = [quantile(bare, 0.5), quantile(bound, 0.5), quantile(own, 0.5)];
  tell('jobs/s, bare BullMQ', rounded(bareRate, 0));
  tell('jobs/s, BullMQ with our job options and two empty scripts', rounded(boundRate, 0));
  tell('that bound, of bare', rounded(boundRate / bareRate, 2));
  tell('jobs/s, this queue, no-op model', rounded(ownRate, 0));
  tell('ratio', rounded(ownRate / bareRate, 2), '>= 0.8');
}

async function scaling(): Promise<void> {
  const seconds = Math.max(1, 4 * scale);
  const one = await pacedJobsPerSecond(redis.url, { workers: 1, paceMs: 100, seconds });
  for (const workers of [1, 2, 4, 8]) {
    const rate = await pacedJobsPerSecond(redis.url, { workers, paceMs: 100, seconds });
    tell(`jobs/s, ${workers} workers of a paced model`, rounded(rate));
    tell(`${workers} workers, of linear`, rounded(rate / (one * workers), 2), '>= 0.9');
  }
}

async function firstToken(): Promise<void> {
  const requests = sized(300);
  const measure = async (url: string) => {
    const times: number[] = [];
    for (let count = 0; count < requests + 20; count += 1) {
      const { firstTokenMs } = await readStream(`${url}/v1/responses`, { body, read: newRead() });
      if (count >= 20) times.push(firstTokenMs);
    }
    return times;
  };
  const api = await startApiProcess(['redis', redis.url, 'first']);
  const worker = await createRedisQueue({ ...common, url: redis.url, prefix: 'first' });
  await instantWorker(worker, { concurrency: 8 });
  const overRedis = await measure(api.url);
  await worker.close();
  await api.close();
  tell('first token added, Redis, p50 ms', rounded(quantile(overRedis, 0.5)), '<= 10');
  tell('first token added, Redis, p99 ms', rounded(quantile(overRedis, 0.99)));
  const folder = await mkdtemp(join(tmpdir(), 'thinkfirst-bench-'));
  const embedded = await startApiProcess(['embedded', folder]);
  const inProcess = await measure(embedded.url);
  await embedded.close();
  await rm(folder, { recursive: true, force: true });
  tell('first token added, embedded, p50 ms', rounded(quantile(inProcess, 0.5)), '<= 25');
  tell('first token added, embedded, p99 ms', rounded(quantile(inProcess, 0.99)));
}

async function manyStreams(): Promise<void> {
  const streams = sized(2_000);
  const prefix = 'streams';
  const api = await startApiProcess(['redis', redis.url, prefix]);
  const worker = await createRedisQueue({ ...common, url: redis.url, prefix });
  // No answers come yet: all streams are open at the same time before the first word.
  const open = async (count: number) => {
    const { waiting } = await worker.list({ owner: null, limit: 1 });
    const reads = Array.from({ length: count }, () => readStream(`${api.url}/v1/responses`, { body, read: newRead() }));
    while ((await worker.list({ owner: null, limit: 1 })).waiting < waiting + count) await pause(200);
    return reads;
  };
  // The first ones load code and grow the heap, which later ones need not do.
  const first = await open(sized(500));
  const before = await api.residentBytes();
  const reads = [...first, ...(await open(streams))];
  const each = ((await api.residentBytes()) - before) / streams;
  await instantWorker(worker, { concurrency: 64 });
  const ended = await Promise.all(reads);
  const dropped = ended.filter((read) => !read.ended || !gapless(read.numbers)).length;
  tell(`${reads.length} streams: dropped`, dropped, '0');
  tell(`${streams} more of them: memory each, kB`, rounded(each / 1_000), '<= 50');

  const resumed = await Promise.all(
    Array.from({ length: Math.min(64, sized(64)) }, async () => {
      const read = newRead();
      await readStream(`${api.url}/v1/responses`, { body, read, leaveAfter: 1 });
      while (!read.ended) {
        const leaveAfter = 1 + Math.floor(Math.random() * 4);
        const after = Math.max(...read.numbers);
        await readStream(`${api.url}/v1/responses/${read.id}?stream=true&starting_after=${after}`, {
          read,
          leaveAfter,
        });
      }
      return read;
    }),
  );
  tell(
    'streams resumed at random: with a gap or a double',
    resumed.filter(({ numbers }) => !gapless(numbers)).length,
    '0',
  );
  await worker.close();
  await api.close();
}

function gapless(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => number === index);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
