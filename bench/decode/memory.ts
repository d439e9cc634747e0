import { prepareTypescriptChild } from '../../src/core/typescript-child.ts';
import { type Figure, figureOf } from './figure.ts';

export type MemoryTask = { task: 'batch' } | { task: 'soak'; requests: number };
export type MemoryResult = { rss: number; rssEarly: number; weights: number; cap: number; requests: number };

/** Resident memory of a separate process that contains only our decoder. */
export async function memory(requests: number): Promise<Figure[]> {
  const batch = await inChild({ task: 'batch' });
  const soak = await inChild({ task: 'soak', requests });
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

/** Started like the service starts its inference process. */
async function inChild(task: MemoryTask): Promise<MemoryResult> {
  const program = await prepareTypescriptChild({
    entry: new URL('./memory-child.ts', import.meta.url),
    args: [JSON.stringify(task)],
  });
  return new Promise((resolve, reject) => {
    const child = program.fork();
    child.on('message', (result) => resolve(result as MemoryResult));
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the measured process ended with ${code}`)));
  });
}
