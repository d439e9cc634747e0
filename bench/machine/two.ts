import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import { prepareTypescriptChild } from '../../src/core/typescript-child.ts';
import { type Figure, median } from '../decode/figure.ts';
import { ended, figureOfRounds } from './processes.ts';

/** How long each measurement decodes. ms */
const period = 4_000;

/** Tokens per second of two inference processes that decode at the same time, relative to one alone. */
export async function twoProcesses(rounds: number): Promise<Figure[]> {
  const program = await prepareTypescriptChild({ entry: new URL('./decoding-child.ts', import.meta.url), args: [] });
  const children = [program.fork(), program.fork()];
  try {
    for (const child of children) await decoded(child, 500);
    const alone: number[] = [];
    const together: number[][] = [];
    for (let round = 0; round < rounds; round += 1) {
      const [first] = children;
      if (first) alone.push(await decoded(first, period));
      together.push(await Promise.all(children.map((child) => decoded(child, period))));
    }
    const sums = together.map((rates) => rates.reduce((sum, rate) => sum + rate, 0));
    const ratios = sums.map((sum, round) => sum / (alone[round] ?? Number.NaN));
    const each = together.map((rates) => rates.map((rate) => rate.toFixed(0)).join(' + ')).join(', ');
    const detail = `${each} tokens/s, alone ${median(alone).toFixed(0)}`;
    return [figureOfRounds('two inference processes against one alone', ratios, { atLeast: 0.8 }, detail)];
  } finally {
    await Promise.all(children.map((child) => ended(child)));
  }
}

/** @returns tokens/s over `ms`, prompts included */
async function decoded(child: ChildProcess, ms: number): Promise<number> {
  const answer = once(child, 'message', { signal: AbortSignal.timeout(120_000) });
  child.send({ ms });
  return z.tuple([z.number()]).parse((await answer).slice(0, 1))[0];
}
