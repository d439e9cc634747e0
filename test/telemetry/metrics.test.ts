import { describe, expect, test } from 'vitest';
import { createMetrics } from '../../src/telemetry/metrics.ts';

describe('metrics', () => {
  test('a label that callers could fill keeps few values: the rest is `other`', async () => {
    const metrics = createMetrics();
    for (let index = 0; index < 500; index += 1) {
      metrics.checked({ name: `check-${index}`, verdict: 'pass' });
      metrics.modelCalled({ model: `model-${index}`, operation: 'chat', outcome: 'ok', seconds: 1 });
      metrics.httpAnswered({ method: `METHOD${index}`, route: 'none', status: 404, seconds: 0.01 });
    }
    const text = await metrics.text();
    const values = (name: string, label: string) =>
      new Set([...text.matchAll(new RegExp(`^${name}[^\\n]*?${label}="([^"]*)"`, 'gm'))].map(([, value]) => value));
    expect(values('thinkfirst_checks_total', 'check').size).toBe(101);
    expect(values('thinkfirst_model_call_duration_seconds_count', 'model').size).toBe(101);
    expect(values('thinkfirst_http_request_duration_seconds_count', 'method').size).toBe(13);
    expect(text).toContain('thinkfirst_checks_total{check="other",verdict="pass"} 400');
  });

  test('a backend that is away leaves out what only it knows, and says so', async () => {
    const metrics = createMetrics();
    let away = false;
    metrics.onScrape(async ({ queueJobs }) => {
      if (away) throw new Error('away');
      queueJobs('responses', 'waiting', 3);
    });
    expect(await metrics.text()).toContain('thinkfirst_queue_jobs{queue="responses",state="waiting"} 3');
    away = true;
    const text = await metrics.text();
    expect(text).toContain('thinkfirst_backend_up 0');
    expect(text).not.toContain('thinkfirst_queue_jobs{');
  });

  test('an inference process reports batches, pace and KV memory', async () => {
    const metrics = createMetrics();
    const model = { id: 'tiny', running: 2, waiting: 1, kvUsedBytes: 10, kvCapacityBytes: 100 };
    const report = { tokens: 30, busyMs: 1500, residentBytes: 7 };
    metrics.inference.report({ ...report, models: [{ ...model, batches: [4, 0, 2] }] });
    const text = await metrics.text();
    expect(text).toContain('thinkfirst_inference_tokens_per_second 20');
    expect(text).toContain('thinkfirst_inference_batch_rows_count{model="tiny"} 6');
    expect(text).toContain('thinkfirst_inference_batch_rows_sum{model="tiny"} 10');
    expect(text).toContain('thinkfirst_inference_kv_used_bytes{model="tiny"} 10');
    expect(text).toContain('thinkfirst_inference_rows{model="tiny",state="waiting"} 1');
  });
});
