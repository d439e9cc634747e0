import { prepareTypescriptChild, type TypescriptChild } from '../../src/models/typescript-child.ts';
import { type Figure, figureOf } from './figure.ts';

export type MemoryTask = { task: 'batch' } | { task: 'soak'; requests: number };
export type MemoryResult = { rss: number; rssEarly: number; weights: number; cap: number; requests: number };

/** Resident memory of a process of its own, which holds nothing but our decoder. */
export async function memory(requests: number): Promise<Figure[]> {
  // As the service starts its inference process.
  const program = await prepareTypescriptChild({
    entry: new URL('./memory-child.ts', import.meta.url),
    warn: (reason) => console.error(reason),
  });
  const batch = await inChild(program, { task: 'batch' });
  const soak = await inChild(program, { task: 'soak', requests });
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  return [
    figureOf(
      'memory at batch 16, against weights + cap',
      batch.rss / (batch.weights + batch.cap),
      { atMost: 1.3 },
      `${mb(batch.rss)} resident, weights ${mb(batch.weights)}, cap ${mb(batch.cap)}`,
    ),
    figureOf(
      `resident after ${soak.requests} requests, against after ${Math.min(1000, soak.requests / 10)}`,
      soak.rss / soak.rssEarly,
      { atMost: 1.05 },
      `${mb(soak.rss)}, early ${mb(soak.rssEarly)}`,
    ),
  ];
}

function inChild(program: TypescriptChild, task: MemoryTask): Promise<MemoryResult> {
  return new Promise((resolve, reject) => {
    const child = program.fork(JSON.stringify(task));
    child.on('message', (result) => resolve(result as MemoryResult));
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the measured process ended with ${code}`)));
  });
}
