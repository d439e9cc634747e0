import { initialResponse } from '../../../src/contracts/responses/initial-response.ts';
import type { LogLine } from '../../../src/contracts/responses/job.ts';
import type { OutputMessage } from '../../../src/contracts/responses/output-item.ts';
import type { ResponseEvent } from '../../../src/contracts/responses/response-event.ts';
import { responseFromLog } from '../../../src/contracts/responses/response-from-log.ts';
import { nextWireNumber, terminalLine, terminalLines } from '../../../src/contracts/responses/terminal-lines.ts';
import type { TraceEvent, TraceStep } from '../../../src/contracts/responses/trace.ts';
import { type RunningUsage, responseUsage } from '../../../src/contracts/responses/usage.ts';
import type { JobHandler, JobLease } from '../../../src/core/job-queue.ts';

export const thought = 'SECRET-THOUGHT';

export const spent: RunningUsage = {
  input: 5,
  cached: 0,
  draft: 2,
  think: 7,
  check: 0,
  revise: 0,
  forced: 1,
  discarded: 0,
  answer: 3,
};

type Unnumbered<T> = T extends unknown ? Omit<T, 'sequence_number'> : never;

/** What a scripted attempt does between its lines: `gate(name)` is awaited at `begun`, `thought` and before each delta. */
export type Script = { deltas: readonly string[]; gate?(name: string, lease: JobLease): Promise<void> };

/** A worker without a model: thinks one step, answers in `deltas`, or stops where its lease ends. */
export function scriptedWorker({ deltas, gate = async () => undefined }: Script): JobHandler {
  return async (lease) => {
    const log: LogLine[] = [...lease.log];
    const append = async (...lines: LogLine[]) => {
      log.push(...lines);
      await lease.append(lines);
    };
    const wire = (event: Unnumbered<ResponseEvent>) => {
      const number = nextWireNumber(lease.job, log);
      return append({ stream: 'wire', number, data: { ...event, sequence_number: number } });
    };
    const trace = (event: TraceEvent) => {
      const number = log.filter((line) => line.stream === 'trace').length;
      return append({ stream: 'trace', number, data: event });
    };
    const pass = async (name: string) => {
      await gate(name, lease);
      return lease.signal.aborted;
    };
    const cancel = () => append(terminalLines.cancelled(lease.job, log));

    await wire({ type: 'response.in_progress', response: { ...initialResponse(lease.job), status: 'in_progress' } });
    if (await pass('begun')) return cancel();
    const progress = { phase: 'think' as const, step: 1, steps: 1, thinking_tokens: 7, budget_tokens: 64 };
    const shown = { ...progress, queue_position: null, eta_ms: null };
    await lease.progress(shown);
    await trace({ type: 'trace_step.added', step: { ...step, text: '', tokens: 0 } });
    await trace({ type: 'trace_step.done', step });
    await trace({ type: 'progress', progress: shown, usage: spent });
    if (await pass('thought')) return cancel();

    const message: OutputMessage = {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      status: 'in_progress',
      content: [],
    };
    const at = { output_index: 0, content_index: 0, item_id: message.id };
    const text = deltas.join('');
    const part = { type: 'output_text' as const, annotations: [], logprobs: [] };
    await wire({ type: 'response.output_item.added', output_index: 0, item: message });
    await wire({ type: 'response.content_part.added', ...at, part: { ...part, text: '' } });
    for (const delta of deltas) {
      if (await pass(delta)) return cancel();
      await wire({ type: 'response.output_text.delta', ...at, delta, logprobs: [] });
    }
    const item = { ...message, status: 'completed' as const, content: [{ ...part, text }] };
    await wire({ type: 'response.output_text.done', ...at, text, logprobs: [] });
    await wire({ type: 'response.content_part.done', ...at, part: { ...part, text } });
    await wire({ type: 'response.output_item.done', output_index: 0, item });
    const response = {
      ...responseFromLog(lease.job, log),
      status: 'completed' as const,
      completed_at: 1_700_000_001,
      progress: null,
      usage: responseUsage(spent),
      thinking_stop: 'natural' as const,
      answer_source: 'deliberate' as const,
    };
    await append(terminalLine(nextWireNumber(lease.job, log), 'response.completed', response));
  };
}

const step: TraceStep = {
  index: 0,
  phase: 'think',
  sample: 0,
  started_at: 1_700_000_000_000,
  duration_ms: 12,
  tokens: 7,
  text: thought,
  summary: 'one chain',
  stop_reason: 'natural',
  answer: '42',
  confidence: -0.1,
  checks: [{ name: 'arithmetic', verdict: 'fail', judges: 'line', detail: thought }],
  prompt: null,
  because: thought,
};
