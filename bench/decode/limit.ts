import { once } from 'node:events';
import { openSync, readSync, statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { fields } from '../../src/models/local/graph/onnx-file.ts';
import { readNode } from '../../src/models/local/graph/onnx-node.ts';
import { readerOf, type Span } from '../../src/models/local/graph/protobuf.ts';
import { type Figure, figureOf, median } from './figure.ts';
import { decodeRate, type Ours, promptOf, requestOf, threads, timed } from './ours.ts';

const contexts = [128, 1024, 4096];
const tokens = 48;

/** How much of the machine's memory bandwidth one row reaches: the bytes that a token needs, times tokens per second. */
export async function memoryLimit(ours: Ours, rounds: number): Promise<Figure[]> {
  const weights = weightBytes(ours.folder.onnx()?.path ?? '');
  const figures: Figure[] = [];
  for (const [index, context] of contexts.entries()) {
    const bandwidths: number[] = [];
    const rates: number[] = [];
    // The same each time, so that the prompt is read once.
    const request = requestOf(ours, promptOf(context - tokens / 2, 1_000 + index), tokens);
    for (let round = 0; round <= rounds; round += 1) {
      const rate = decodeRate(await timed(ours, request));
      const bandwidth = await memoryBandwidth();
      if (round === 0) continue; // warms up
      rates.push(rate);
      bandwidths.push(bandwidth);
    }
    const [rate, bandwidth] = [median(rates), Math.max(...bandwidths)];
    const bytes = weights + context * ours.model.bytesPerToken;
    const reached = bytes * rate;
    figures.push(
      figureOf(
        `one row, context ${context}, of the memory's bandwidth`,
        reached / bandwidth,
        { atLeast: 0.85 },
        `${gigabytes(reached)} of ${gigabytes(bandwidth)} GB/s (triad, ${threads} threads); ${(bytes / 1e6).toFixed(0)} MB a token, ${rate.toFixed(0)} tokens/s`,
      ),
    );
  }
  return figures;
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);

/** 32 MB, three times in each thread. */
const numbers = 2 ** 22;
const triadRounds = 12;

/** Bytes per second of STREAM's triad (a = b + 3c; two numbers read and one written), the best of some rounds. */
async function memoryBandwidth(): Promise<number> {
  const control = new Int32Array(new SharedArrayBuffer(2 * triadRounds * Int32Array.BYTES_PER_ELEMENT));
  const workerData = { control, threads, numbers, rounds: triadRounds };
  const times = await Promise.all(
    Array.from({ length: threads }, async () => {
      const worker = new Worker(new URL('./triad-worker.mjs', import.meta.url), { workerData });
      const [ms] = await once(worker, 'message');
      await once(worker, 'exit');
      return Number(ms);
    }),
  );
  return (threads * numbers * 3 * Float64Array.BYTES_PER_ELEMENT * 1000) / Math.max(...times);
}

/** Bytes of the weights that each token reads: those of products, each once, however many nodes it has. */
function weightBytes(path: string): number {
  const file = openSync(path, 'r');
  const read = (at: number, length: number) => {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, at));
  };
  const values = (span: Span, wanted: number) =>
    readerOf(read, span).flatMap(({ number, value }) => (number === wanted && value ? [value] : []));
  const [graph] = values({ start: 0, end: statSync(path).size }, fields.model.graph);
  if (graph === undefined) throw new Error(`${path} has no graph`);
  const nodes = values(graph, fields.graph.node).map((node) => readNode(read(node.start, node.end - node.start)));
  const used = new Set(nodes.filter(({ operator }) => /^MatMul/.test(operator)).flatMap(({ inputs }) => inputs));
  // A weight may pass through a node that only changes its shape.
  for (const { operator, inputs, outputs } of nodes) {
    if (operator === 'Reshape' && outputs.some((name) => used.has(name))) for (const name of inputs) used.add(name);
  }
  return values(graph, fields.graph.initializer).reduce((sum, tensor) => {
    const [name] = values(tensor, fields.tensor.name);
    const [data] = values(tensor, fields.tensor.rawData);
    if (name === undefined || data === undefined) return sum;
    return used.has(read(name.start, name.end - name.start).toString()) ? sum + data.end - data.start : sum;
  }, 0);
}
