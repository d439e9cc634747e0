import type { AnswerVerdict } from '../../../src/contracts/responses/answer-verdict.ts';
import { winningThought } from '../../../src/contracts/responses/response-from-log.ts';
import { responseJob } from '../../../src/contracts/responses/response-job.ts';
import type { TraceStep } from '../../../src/contracts/responses/trace.ts';
import { responseUsage } from '../../../src/contracts/responses/usage.ts';
import type { JobHandler } from '../../../src/core/job-queue.ts';
import type { TokenLogprob } from '../../../src/core/language-model.ts';
import { createTraceWriter } from '../../../src/worker/trace-writer.ts';
import { createWireWriter } from '../../../src/worker/wire-writer.ts';
import { spent } from '../responses/scripted-worker.ts';

export type WireScript = {
  steps?: readonly Partial<TraceStep>[];
  summary?: string;
  text?: readonly string[];
  logprobs?: readonly TokenLogprob[];
  calls?: ReadonlyArray<{ name: string; arguments: string }>;
  verdict?: AnswerVerdict;
  /** Default: completed. */
  incomplete?: 'max_output_tokens' | 'deadline';
};

/** A worker without a model that writes the log as the real one does: trace, summary, text, calls. */
export function wireWorker(script: WireScript): JobHandler {
  return async ({ job, log, append }) => {
    const wire = createWireWriter({ job, log, now: () => 1_700_000_001_000 });
    const trace = createTraceWriter(log);
    await append(wire.begin());
    const steps = (script.steps ?? []).map((step, index) => ({ ...plainStep, index, ...step }));
    for (const step of steps) await append([trace.line({ type: 'trace_step.done', step })]);
    const { summary, include } = responseJob(job);
    const thought = include.reasoning_text ? winningThought(steps) : '';
    if (summary !== null || thought !== '') {
      const summarised = summary === null || script.summary === undefined ? {} : { summary: script.summary };
      await append(wire.reasoning({ ...summarised, ...(thought === '' ? {} : { text: thought }) }));
    }
    for (const text of script.text ?? []) await append(wire.answer(text, script.logprobs ?? []));
    for (const call of script.calls ?? [])
      await append(wire.toolCall({ type: 'function', name: call.name, text: call.arguments }));
    const shared = {
      usage: responseUsage(spent),
      thinking_stop: 'natural',
      answer_source: 'deliberate',
      verdict: script.verdict ?? null,
    } as const;
    await append(
      script.incomplete === undefined
        ? wire.end({ ...shared, status: 'completed' })
        : wire.end({ ...shared, status: 'incomplete', incomplete_details: { reason: script.incomplete } }),
    );
  };
}

const plainStep: TraceStep = {
  index: 0,
  phase: 'think',
  sample: 0,
  started_at: 1_700_000_000_000,
  duration_ms: 1,
  tokens: 1,
  text: null,
  summary: '',
  stop_reason: 'natural',
  answer: null,
  confidence: null,
  checks: [],
  prompt: null,
};
