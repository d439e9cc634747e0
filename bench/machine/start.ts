import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { compile, entries } from '../../src/core/compiled.mjs';
import { type Figure, figureOf, median } from '../decode/figure.ts';
import {
  besideBusyProgram,
  ended,
  figureOfRounds,
  processName,
  processTree,
  proportionalMegabytes,
} from './processes.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

type Measured = {
  start: Figure[];
  /** ms from the command to each event of a start from an existing store. */
  phases: Record<string, number>;
  memory: Figure[];
  /** MB of each process. */
  processes: Record<string, number>;
};

/** Starts the service as people do, up to its first answer. The console has to be built (`npm run build:console`). */
export async function startAndMemory(rounds: number): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-machine-'));
  const start = (data: string) => startOnce(join(folder, data));
  try {
    await start('warm-up'); // fills the disk's cache, and compiles the sources where they have changed
    const compiling = await timeOf(() => compile(entries, join(folder, 'compiled')));
    const fresh: Started[] = [];
    const quiet: Started[] = [];
    const busy: Started[] = [];
    for (let round = 0; round < rounds; round += 1) {
      fresh.push(await start(`store-${round}`));
      quiet.push(await start('store-0'));
      busy.push(await besideBusyProgram(() => start('store-0')));
    }
    const seconds = (starts: readonly Started[]) =>
      starts.map(({ phases }) => (phases['first answer'] ?? Number.NaN) / 1000);
    const list = (values: readonly number[]) => `${values.map((value) => value.toFixed(1)).join(', ')} s`;
    const slowed = seconds(busy).map((value, round) => value / (seconds(quiet)[round] ?? Number.NaN));
    const first = median(seconds(fresh)) + compiling / 1000;
    const typical = quiet.find(({ total }) => total === median(quiet.map((each) => each.total)));
    return {
      start: [
        figureOf('start to the first answer, s', median(seconds(quiet)), { atMost: 4 }, list(seconds(quiet))),
        figureOf(
          'the same the first time, s',
          first,
          { atMost: 6 },
          `${list(seconds(fresh))} with a new store, and ${(compiling / 1000).toFixed(1)} s to compile the sources`,
        ),
        figureOfRounds('start beside a busy program, against quiet', slowed, { atMost: 2.5 }, list(seconds(busy))),
      ],
      phases: (typical ?? quiet[0])?.phases ?? {},
      memory: [
        figureOf(
          'memory of all processes after the first answers, MB',
          median(quiet.map(({ total }) => total)),
          { atMost: 700 },
          quiet.map(({ processes }) => Object.values(processes).join(' + ')).join(', '),
        ),
      ],
      processes: (typical ?? quiet[0])?.processes ?? {},
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

type Started = { phases: Record<string, number>; processes: Record<string, number>; total: number };

async function startOnce(data: string): Promise<Started> {
  const startedAt = performance.now();
  const phases: Record<string, number> = {};
  const mark = (name: string) => {
    phases[name] ??= Math.round(performance.now() - startedAt);
  };
  const service = spawn(process.execPath, ['bin/run.mjs', 'src/server.ts'], {
    cwd: root,
    env: { ...process.env, PORT: '0', THINKFIRST_DATA: data, THINKFIRST_LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  createInterface({ input: service.stderr }).on('line', (line) => {
    if (line.includes('inference process ready')) {
      mark('the model is loaded');
      phases['of it, from the inference process’s own start'] ??= Number(/"startMs":(\d+)/.exec(line)?.[1]);
    }
  });
  try {
    const url = await addressOf(service.stdout);
    mark('the service is ready');
    await ask(url);
    mark('first answer');
    await ask(url);
    const pids = processTree(service.pid ?? 0);
    const processes = Object.fromEntries(pids.map((pid) => [`${pid} ${processName(pid)}`, proportionalMegabytes(pid)]));
    return { phases, processes, total: Object.values(processes).reduce((sum, value) => sum + value, 0) };
  } finally {
    await ended(service, 'SIGTERM');
  }
}

/** From the lines that a start prints. */
async function addressOf(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const url = /^ {2}url +(\S+)$/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error('The service ended before it was ready.');
}

async function ask(url: string): Promise<void> {
  const answer = await fetch(`${url}/v1/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input: 'What is 12 + 30?', reasoning: { effort: 'none' } }),
  });
  if (!answer.ok) throw new Error(`The service answered ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
}
