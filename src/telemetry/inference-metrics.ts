import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { InferenceReport } from '../core/inference-report.ts';

export type InferenceMetrics = {
  report(report: InferenceReport): void;
  /** The process died; another one is started. */
  died(): void;
};

/** The metrics that inference processes report, on `registry`. */
export function inferenceMetrics(registry: Registry): InferenceMetrics {
  const ofProcess = processMetrics(registry);
  const ofModel = modelMetrics(registry);
  const deaths = new Counter({
    name: 'thinkfirst_inference_deaths_total',
    help: 'Inference processes that ended without being told to.',
    registers: [registry],
  });
  return {
    report(report) {
      ofProcess(report);
      for (const model of report.models) ofModel(model);
    },
    died: () => deaths.inc(),
  };
}

function processMetrics(registry: Registry): (report: InferenceReport) => void {
  const registers = [registry];
  const tokens = new Counter({
    name: 'thinkfirst_inference_tokens_total',
    help: 'Tokens that the inference process decoded.',
    registers,
  });
  const busy = new Counter({
    name: 'thinkfirst_inference_busy_seconds_total',
    help: 'Time that had calls in it; tokens over it are the pace while working.',
    registers,
  });
  const pace = new Gauge({
    name: 'thinkfirst_inference_tokens_per_second',
    help: 'Pace of the last report, over the time that had calls in it.',
    registers,
  });
  const resident = new Gauge({
    name: 'thinkfirst_inference_resident_bytes',
    help: 'Resident memory of the inference process.',
    registers,
  });
  return (report) => {
    tokens.inc(report.tokens);
    busy.inc(report.busyMs / 1000);
    if (report.busyMs > 0) pace.set((report.tokens / report.busyMs) * 1000);
    resident.set(report.residentBytes);
  };
}

function modelMetrics(registry: Registry): (report: InferenceReport['models'][number]) => void {
  const registers = [registry];
  const labelNames = ['model'] as const;
  const batch = new Histogram({
    name: 'thinkfirst_inference_batch_rows',
    help: 'Rows of one decode step.',
    buckets: [1, 2, 4, 8, 16, 24, 32],
    labelNames,
    registers,
  });
  const rows = new Gauge({
    name: 'thinkfirst_inference_rows',
    help: 'Rows in the decode loop, running and waiting for room.',
    labelNames: ['model', 'state'],
    registers,
  });
  const kvUsed = new Gauge({
    name: 'thinkfirst_inference_kv_used_bytes',
    help: 'KV cache of running rows and kept prefixes.',
    labelNames,
    registers,
  });
  const kvCapacity = new Gauge({
    name: 'thinkfirst_inference_kv_capacity_bytes',
    help: 'Cap of the KV cache.',
    labelNames,
    registers,
  });
  return ({ id: model, batches, running, waiting, kvUsedBytes, kvCapacityBytes }) => {
    batches.forEach((steps, index) => {
      for (let step = 0; step < steps; step += 1) batch.observe({ model }, index + 1);
    });
    rows.set({ model, state: 'running' }, running);
    rows.set({ model, state: 'waiting' }, waiting);
    kvUsed.set({ model }, kvUsedBytes);
    kvCapacity.set({ model }, kvCapacityBytes);
  };
}
