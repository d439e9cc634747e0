import { once } from 'node:events';
import { cp, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { prepareTypescriptChild } from '../../src/core/typescript-child.ts';
import { type Figure, median } from '../decode/figure.ts';
import { ended, figureOfRounds } from './processes.ts';

/** Processor time of each part, in ms. */
const Parts = z.record(z.string(), z.number());
type Parts = z.infer<typeof Parts>;

/** The processor time of loading a model, relative to onnxruntime's own session over the same file. */
export async function loading(folder: string, rounds: number): Promise<{ figures: Figure[]; parts: Parts }> {
  const copy = await linkedCopy(resolve(folder));
  try {
    const ratios = { first: [] as number[], again: [] as number[] };
    const session: number[] = [];
    const own: number[] = [];
    let parts: Parts = {};
    for (let round = 0; round < rounds; round += 1) {
      const plain = sum(await loaded('session', copy));
      await removeMeasurement(copy);
      const first = await loaded('model', copy);
      const again = await loaded('model', copy);
      session.push(plain);
      own.push(sum(again));
      ratios.first.push(sum(first) / plain);
      ratios.again.push(sum(again) / plain);
      parts = Object.fromEntries([
        ["onnxruntime's own session", plain],
        ...Object.entries(first).map(([name, ms]) => [`the first time: ${name}`, ms] as const),
        ...Object.entries(again).map(([name, ms]) => [`later: ${name}`, ms] as const),
      ]);
    }
    const detail = `${median(own).toFixed(0)} ms, onnxruntime ${median(session).toFixed(0)} ms of processor time`;
    return {
      figures: [
        figureOfRounds('loading, against a bare session', ratios.again, { atMost: 2 }, detail),
        figureOfRounds('the same the first time, with measured caches', ratios.first, { atMost: 2 }, detail),
      ],
      parts,
    };
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

const sum = (parts: Parts) => Object.values(parts).reduce((total, ms) => total + ms, 0);

/** A folder with links to the weights: what is measured at the first load is stored there. */
async function linkedCopy(folder: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'bench-loading-'));
  await cp(folder, copy, { recursive: true, filter: (path) => !path.startsWith(join(folder, 'onnx')) });
  await cp(join(folder, 'onnx'), join(copy, 'onnx'), {
    recursive: true,
    filter: (path) => !/\.onnx(_data.*)?$/.test(path),
  });
  for (const file of await readdir(join(folder, 'onnx'))) {
    if (/\.onnx(_data.*)?$/.test(file)) await symlink(join(folder, 'onnx', file), join(copy, 'onnx', file));
  }
  return copy;
}

async function removeMeasurement(copy: string): Promise<void> {
  for (const file of await readdir(join(copy, 'onnx'))) {
    if (file.endsWith('.kv8.json')) await rm(join(copy, 'onnx', file));
  }
}

/** In a process of its own, as the service does. */
async function loaded(what: 'session' | 'model', folder: string): Promise<Parts> {
  const entry = new URL('./loading-child.ts', import.meta.url);
  const child = (await prepareTypescriptChild({ entry, args: [what, folder] })).fork();
  try {
    const [parts] = await once(child, 'message', { signal: AbortSignal.timeout(600_000) });
    return Parts.parse(parts);
  } finally {
    await ended(child);
  }
}
