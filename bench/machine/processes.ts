import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { figureOf, median } from '../decode/figure.ts';

/** One thread for each core that never waits. */
const program = `
const { Worker } = require('node:worker_threads');
for (let core = 1; core < ${availableParallelism()}; core += 1) new Worker('for (;;);', { eval: true });
setTimeout(() => { for (;;); }, 100);
process.on('disconnect', () => process.exit(0));`;

/** Does the work beside another program that keeps every core busy. */
export async function besideBusyProgram<T>(work: () => Promise<T>): Promise<T> {
  const neighbour = spawn(process.execPath, ['-e', program], { stdio: 'ignore' });
  try {
    await setTimeout(500);
    return await work();
  } finally {
    await ended(neighbour);
  }
}

/** Kills a process and waits for its end. */
export async function ended(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await exit;
}

/** Ratios of the rounds as one figure: their median, with the worst in the detail. */
export function figureOfRounds(
  name: string,
  ratios: readonly number[],
  aim: Parameters<typeof figureOf>[2],
  detail: string,
) {
  const worst = 'atLeast' in aim ? Math.min(...ratios) : Math.max(...ratios);
  return figureOf(name, median(ratios), aim, `${detail}; worst ${worst.toFixed(2)}`);
}

/** A process and its descendants (Linux). */
export function processTree(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      parents.set(Number(name), Number(fields[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  const found = [root];
  for (const parent of found) for (const [pid, above] of parents) if (above === parent) found.push(pid);
  return found;
}

/** Proportional set size of a process. MB */
export function proportionalMegabytes(pid: number): number {
  const kilobytes = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
  return Math.round((Number(kilobytes) * 1024) / 1_000_000);
}

/** The last part of a command line, such as `thinkfirst-inference`. */
export function processName(pid: number): string {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  return words
    .map((word) => word.replace(/^.*\//, ''))
    .join(' ')
    .slice(0, 60);
}
