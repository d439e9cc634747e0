/**
 * `npm run bench:service [-- --json] [--scale 1] [--part NAME]…`: the cost of API and queue, in one run with its own
 * Redis. Parts: throughput, scaling, first, streams, embedded-streams. `--scale` makes every count smaller, for a quick try. Compare only
 * the ratios: absolute figures depend on this machine. 10,000 streams need `ulimit -n 11000`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startTestRedis } from '../../test/support/redis-server.ts';
import { quantile, rounded } from './quantile.ts';
import {
  gapless,
  newRead,
  readStream,
  type ServiceProcess,
  startServiceProcess,
  startStreamClients,
} from './streams.ts';
import { bareJobsPerSecond, boundJobsPerSecond, ownJobsPerSecond, pacedJobsPerSecond } from './throughput.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    scale: { type: 'string', default: '1' },
    part: { type: 'string', multiple: true },
  },
});
const scale = Number(values.scale);
const sized = (count: number) => Math.max(1, Math.round(count * scale));
const body = { input: 'hello', mode: 'fast', stream: true };

type Row = { figure: string; value: number | string; aim: string };
const rows: Row[] = [];
const tell = (figure: string, value: number | string, aim = '') => {
  rows.push({ figure, value, aim });
  process.stderr.write(`${figure}: ${value} ${aim && `(aim ${aim})`}\n`);
};

const redis = await startTestRedis();
try {
  const parts = { throughput, scaling, first: firstToken, streams: manyStreams, 'embedded-streams': embeddedStreams };
  for (const [name, run] of Object.entries(parts)) {
    if (!values.part || values.part.includes(name)) await run();
  }
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
  // The tests' default Redis syncs each write to the disk; compose.yaml's does so every second.
  const usual = await startTestRedis({ fsync: 'everysec' });
  await timeFirstToken('Redis', () => overRedis(usual.url, 'first'), 10);
  await usual.close();
  await timeFirstToken('Redis that syncs each write', () => overRedis(redis.url, 'first'));
  await timeFirstToken('embedded', embedded, 15);
}

async function timeFirstToken(name: string, start: () => Promise<Service>, aimMs?: number): Promise<void> {
  const [warmUp, requests] = [sized(100), sized(1_000)];
  const service = await start();
  await service.work();
  const times: number[] = [];
  for (let count = 0; count < warmUp + requests; count += 1) {
    const { firstTokenMs } = await readStream(`${service.api.url}/v1/responses`, { body, read: newRead() });
    if (count >= warmUp) times.push(firstTokenMs);
  }
  await service.close();
  tell(`first token added, ${name}, p50 ms`, rounded(quantile(times, 0.5)));
  tell(`first token added, ${name}, p99 ms`, rounded(quantile(times, 0.99)), aimMs === undefined ? '' : `<= ${aimMs}`);
}

async function manyStreams(): Promise<void> {
  await idleStreams('Redis', () => overRedis(redis.url, 'streams'));
  await resumedStreams();
}

/** Takes several minutes for 10,000: the embedded queue then answers as many requests, one after the other. */
async function embeddedStreams(): Promise<void> {
  await idleStreams('embedded', embedded);
}

/** Streams that wait at the same time before the first word comes. */
async function idleStreams(name: string, start: () => Promise<Service>): Promise<void> {
  const streams = sized(10_000);
  const { api, work, close } = await start();
  const clients = await startStreamClients();
  let opened = 0;
  const open = async (most: number) => {
    while (opened < most) {
      const count = Math.min(250, most - opened);
      clients.open({ url: `${api.url}/v1/responses`, count, body });
      opened += count;
      while ((await api.ask('waitingJobs')) < opened) await pause(50);
    }
  };
  // The first ones load code and grow the heap, which later ones need not do.
  const first = sized(500);
  await open(first);
  const before = await api.ask('residentBytes');
  await open(streams);
  const each = ((await api.ask('residentBytes')) - before) / (streams - first);
  const [from, startedAt] = [await api.ask('processorMs'), performance.now()];
  await pause(15_000 * Math.min(1, scale));
  const share = ((await api.ask('processorMs')) - from) / (performance.now() - startedAt);
  await work();
  tell(`${streams} streams, ${name}: dropped`, await clients.dropped(), '0');
  tell(`${streams} streams, ${name}: memory each, kB`, rounded(each / 1_000), '<= 45');
  tell(`${streams} streams, ${name}: share of one core while none has an event`, rounded(share, 2));
  await clients.close();
  await close();
}

async function resumedStreams(): Promise<void> {
  const { api, work, close } = await overRedis(redis.url, 'resumed');
  await work();
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
  await close();
  const broken = resumed.filter(({ numbers }) => !gapless(numbers)).length;
  tell('streams resumed at random: with a gap or a double', broken, '0');
}

/** An API with its worker, which does nothing before `work`. */
type Service = { api: ServiceProcess; work(): Promise<number>; close(): Promise<void> };

async function overRedis(url: string, prefix: string): Promise<Service> {
  const api = await startServiceProcess(['redis', url, prefix]);
  const worker = await startServiceProcess(['worker', url, prefix]);
  return {
    api,
    work: () => worker.ask('work'),
    async close() {
      await worker.close();
      await api.close();
    },
  };
}

async function embedded(): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), 'thinkfirst-bench-'));
  const api = await startServiceProcess(['embedded', folder]);
  return {
    api,
    work: () => api.ask('work'),
    async close() {
      await api.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
