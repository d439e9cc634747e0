import type { EffortTable } from '../contracts/effort-table.ts';
import type { LogLine } from '../contracts/job.ts';
import { responseJob } from '../contracts/response-job.ts';
import { ServiceError } from '../contracts/service-error.ts';
import { terminalLines } from '../contracts/terminal-lines.ts';
import { responseUsage } from '../contracts/usage.ts';
import type { LanguageModel } from '../models/language-model.ts';
import { type JobLease, LeaseEnded } from '../queue/job-queue.ts';
import { emptyUsage } from '../reasoning/phase-usage.ts';
import type { PhaseUsage, Strategy, StrategyContext, StrategyOutcome } from '../reasoning/strategy.ts';
import { createLogWriter, type LogWriter } from './log-writer.ts';
import { createProgressReporter } from './progress-reporter.ts';
import { createTraceWriter, finishedSteps } from './trace-writer.ts';
import { createWireWriter, type WireWriter } from './wire-writer.ts';

export type WorkerDependencies = {
  models: ReadonlyMap<string, LanguageModel>;
  strategies: ReadonlyMap<string, Strategy>;
  effortTable(model: string): EffortTable;
  /** What `reasoning.summary` asks for, from the steps. */
  summarise(steps: ReturnType<typeof finishedSteps>, mode: 'auto' | 'concise' | 'detailed'): string;
  /** Epoch ms. */
  now(): number;
  log: WorkerLog;
};

export type WorkerLog = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** A model's process that dies takes the attempt with it; the lease tries again, from what the log holds. */
const triesPerLease = 3;

/**
 * Runs one leased response to its terminal line. Resolves once that is written, or once the lease has ended otherwise
 * (`lost`, `shutdown`), when nothing more is written and another worker goes on from the log.
 */
export async function runResponse(lease: JobLease, dependencies: WorkerDependencies): Promise<void> {
  const { job, attempt } = lease;
  const { log, now } = dependencies;
  const writer = createLogWriter({ earlier: lease.log, append: (lines) => lease.append(lines) });
  const usage = { latest: emptyUsage() };
  const startedAt = now();
  log.info({ response: job.id, attempt, model: job.model, waitedMs: startedAt - job.createdAt }, 'attempt started');
  try {
    for (let tries = 1; ; tries += 1) {
      try {
        const outcome = await runOnce({ lease, dependencies, writer, usage });
        const seconds = (now() - startedAt) / 1000;
        const { think, answer } = outcome.usage;
        const stop = outcome.thinkingStop;
        log.info(
          { response: job.id, attempt, seconds, thinkTokens: think, answerTokens: answer, stop },
          'attempt ended',
        );
        return;
      } catch (error) {
        if (!isModelLoss(error) || lease.signal.aborted || tries === triesPerLease) throw error;
        await writer.flush();
        log.warn({ response: job.id, attempt, tries, reason: error.message }, 'the model went away; going on afresh');
      }
    }
  } catch (error) {
    const end = leaseEnd(error, lease);
    log.info({ response: job.id, attempt, end: end ?? 'failed', reason: failureReason(error) }, 'attempt cut short');
    if (end === 'lost' || end === 'shutdown') return;
    if (end === undefined && !(error instanceof ServiceError))
      log.error({ response: job.id, err: error }, 'attempt failed');
    await writer.flush();
    const written = writer.lines();
    const line =
      end === 'cancelled'
        ? terminalLines.cancelled(job, written, usage.latest)
        : terminalLines.failed(job, written, failureReason(error), usage.latest);
    await lease.append([line]);
  }
}

type Run = {
  lease: JobLease;
  dependencies: WorkerDependencies;
  writer: LogWriter;
  usage: { latest: PhaseUsage };
};

async function runOnce({ lease, dependencies, writer, usage }: Run): Promise<StrategyOutcome> {
  const { job } = lease;
  const body = responseJob(job);
  const log = writer.lines();
  const wire = createWireWriter({ job, log, now: dependencies.now });
  const trace = createTraceWriter(log);
  const progress = createProgressReporter({ lease, effective: body.effective, now: dependencies.now });
  const wantsLogprobs = body.include.logprobs || body.answer.top_logprobs !== undefined;
  const { strategy, context } = strategyRun({ lease, dependencies, log, wire });

  await writer.write(wire.begin());
  const events = strategy.run(context);
  let next = await events.next();
  for (; !next.done; next = await events.next()) {
    const event = next.value;
    switch (event.type) {
      case 'phase': {
        const current = progress.phase(event);
        await writer.write([trace.line({ type: 'progress', progress: current, usage: usage.latest })]);
        break;
      }
      case 'usage':
        usage.latest = event.usage;
        progress.usage(event.usage);
        break;
      case 'step-added':
        await writer.write([trace.line({ type: 'trace_step.added', step: event.step })]);
        break;
      case 'step-done':
        await writer.write([trace.line({ type: 'trace_step.done', step: event.step })]);
        break;
      case 'step-delta':
        break;
      case 'answer-delta':
      case 'tool-call':
        // The summary's item stands before the message, so it is made once the first visible piece comes.
        if (body.summary !== null && !wire.hasOutput()) {
          await writer.flush();
          const steps = finishedSteps(writer.lines());
          await writer.write(wire.summary(dependencies.summarise(steps, body.summary)));
        }
        await writer.write(
          event.type === 'tool-call'
            ? wire.toolCall(event.name, event.arguments)
            : wire.answer(event.text, wantsLogprobs ? event.logprobs : []),
        );
        break;
      default:
        event satisfies never;
    }
  }
  const outcome = next.value;
  usage.latest = outcome.usage;
  await writer.write(endLines(wire, outcome, body.warnings));
  await writer.flush();
  return outcome;
}

function strategyRun(options: {
  lease: JobLease;
  dependencies: WorkerDependencies;
  log: readonly LogLine[];
  wire: WireWriter;
}): { strategy: Strategy; context: StrategyContext } {
  const { lease, dependencies, log, wire } = options;
  const body = responseJob(lease.job);
  const model = dependencies.models.get(lease.job.model);
  if (model === undefined) {
    throw new ServiceError({ code: 'model_not_found', message: `No worker has the model ${lease.job.model}.` });
  }
  const strategy = dependencies.strategies.get(body.effective.strategy);
  if (strategy === undefined) {
    throw new ServiceError({ code: 'invalid_value', message: `There is no strategy ${body.effective.strategy}.` });
  }
  const table = dependencies.effortTable(lease.job.model);
  const { temperature, top_p, top_k, min_p, seed } = body.sampling;
  const shown = wire.shownText();
  const context: StrategyContext = {
    model,
    prompt: body.prompt,
    effective: body.effective,
    table,
    checks: body.checks ?? levelChecks(table, body.effective.effort),
    ...(body.request.max_output_tokens == null ? {} : { maxOutputTokens: body.request.max_output_tokens }),
    answer: {
      maxTokens: body.answer.max_tokens,
      ...(body.answer.stop.length === 0 ? {} : { stop: body.answer.stop }),
      ...(body.answer.constraint === undefined ? {} : { constraint: body.answer.constraint }),
      ...(body.answer.top_logprobs === undefined ? {} : { topLogprobs: body.answer.top_logprobs }),
      ...(shown === '' ? {} : { prefix: [{ text: shown }] }),
    },
    sampling: {
      temperature: temperature ?? (body.effective.samples > 1 ? table.temperature : 0),
      ...(top_p === undefined ? {} : { topP: top_p }),
      ...(top_k === undefined ? {} : { topK: top_k }),
      ...(min_p === undefined ? {} : { minP: min_p }),
      ...(seed === undefined ? {} : { seed }),
    },
    deterministic: body.deterministic,
    ...(body.deadline_at === null ? {} : { deadlineAt: body.deadline_at }),
    signal: lease.signal,
    answerNow: lease.answerNow,
    now: dependencies.now,
    finishedSteps: finishedSteps(log),
  };
  return { strategy, context };
}

function endLines(
  wire: WireWriter,
  outcome: StrategyOutcome,
  warnings: StrategyOutcome['warnings'],
): ReturnType<WireWriter['end']> {
  const shared = {
    usage: responseUsage(outcome.usage),
    thinking_stop: outcome.thinkingStop,
    answer_source: outcome.answerSource,
    warnings: [...warnings, ...outcome.warnings],
  };
  if (outcome.incomplete !== undefined) {
    return wire.end({ ...shared, status: 'incomplete', incomplete_details: { reason: outcome.incomplete } });
  }
  if (!wire.hasOutput()) {
    throw new ServiceError({
      code: 'server_error',
      message: 'The model gave no answer to this input.',
      retryable: false,
    });
  }
  return wire.end({ ...shared, status: 'completed' });
}

function levelChecks(table: EffortTable, effort: string): StrategyContext['checks'] {
  const level = Object.entries(table.levels).find(([name]) => name === effort);
  return level?.[1].checks ?? [];
}

function isModelLoss(error: unknown): error is ServiceError {
  return error instanceof ServiceError && error.code === 'model_unavailable' && error.retryable;
}

function leaseEnd(error: unknown, lease: JobLease): LeaseEnded['end'] | undefined {
  if (error instanceof LeaseEnded) return error.end;
  return lease.signal.aborted && lease.signal.reason instanceof LeaseEnded ? lease.signal.reason.end : undefined;
}

/** For the client: a service error was written for it, anything else shows nothing of itself. */
function failureReason(error: unknown): string {
  return error instanceof ServiceError ? error.message : 'The service met an internal error.';
}
