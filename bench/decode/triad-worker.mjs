// One thread of `memoryBandwidth`: times a = b + 3c over arrays that no cache holds, at the same time as the other threads.
// It is JavaScript because worker threads of Node 20 do not load TypeScript.
import { parentPort, workerData } from 'node:worker_threads';

/** @type {{ control: Int32Array, threads: number, numbers: number, rounds: number }} */
const { control, threads, numbers, rounds } = workerData;
const a = new Float64Array(numbers).fill(1);
const b = new Float64Array(numbers).fill(2);
const c = new Float64Array(numbers).fill(3);
let best = Number.POSITIVE_INFINITY;
for (let round = 0; round < rounds; round += 1) {
  meet(2 * round);
  const startedAt = performance.now();
  for (let index = 0; index < numbers; index += 1) a[index] = b[index] + 3 * c[index];
  meet(2 * round + 1);
  best = Math.min(best, performance.now() - startedAt);
}
parentPort?.postMessage(best);

/**
 * Returns once all threads have come to this place.
 * @param {number} place
 */
function meet(place) {
  const here = Atomics.add(control, place, 1) + 1;
  if (here === threads) Atomics.notify(control, place);
  for (let seen = here; seen < threads; seen = Atomics.load(control, place)) Atomics.wait(control, place, seen);
}
