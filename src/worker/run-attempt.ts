import type { LogLine } from '../contracts/responses/job.ts';
import type { Progress } from '../contracts/responses/reasoning.ts';
import type { Response } from '../contracts/responses/response.ts';
import { responseFromLog } from '../contracts/responses/response-from-log.ts';
import { type ResponseJob, responseJob } from '../contracts/responses/response-job.ts';
import type { TraceEvent } from '../contracts/responses/trace.ts';
import { largerUsage, responseUsage, totalTokens } from '../contracts/responses/usage.ts';
import { type Pace, timeLeft } from '../contracts/service/pace.ts';
import { ServiceError } from '../contracts/service/service-error.ts';
import { withTimeLimit } from '../core/deadlines.ts';
import type { JobLease } from '../core/job-queue.ts';
import { lostUsage } from '../core/token-counts.ts';
import { createRunState } from '../reasoning/run-state.ts';
import type { PhaseUsage, Strategy, StrategyContext, StrategyEvent, StrategyOutcome } from '../reasoning/strategy.ts';
import { unthoughtVerdict } from '../reasoning/voting/answer-verdict.ts';
import type { WorkerDependencies } from './dependencies.ts';
import { createLiveSteps, type StepDelta } from './live-steps.ts';
import type { LogWriter } from './log-writer.ts';
import { OutputWriter } from './output-writer.ts';
import { createProgressReporter } from './progress-reporter.ts';
import { openResponseTools, type ResponseTools } from './server-tools.ts';
import { createShownReasoning, type ShownReasoning } from './shown-reasoning.ts';
import { strategyRun } from './strategy-run.ts';
import { createTraceWriter, finishedSteps, type TraceWriter } from './trace-writer.ts';
import { listenForTokens } from './unreported-tokens.ts';
import { createWireWriter, type WireWriter } from './wire-writer.ts';

/** Tokens between two lines that log a running response's usage: at most this many are lost when a worker dies. */
const usageEvery = 128;

/**
 * Continues from the log to the terminal line: a strategy's events become lines of the trace and the wire.
 * `usage.latest` is never less than the usage in the log, so an attempt that is cut costs at least that.
 * @throws what strategy, model and queue throw; ServiceError `server_error` if there is no output to show
 */
export async function runAttempt(run: Attempt): Promise<StrategyOutcome> {
  const { deadline_at: deadlineAt } = responseJob(run.lease.job);
  if (deadlineAt === null) return runWithin(run, undefined);
  const ms = Math.max(0, deadlineAt - run.dependencies.now());
  return withTimeLimit({ ms, reason: 'the deadline passed' }, (deadline) => runWithin(run, deadline));
}

type Attempt = {
  lease: JobLease;
  dependencies: WorkerDependencies;
  writer: LogWriter;
  /** `counted`: by the attempts at this lease so far; what a broken one lost is not granted again. */
  usage: { latest: PhaseUsage; counted?: PhaseUsage };
  /** When the worker took the job. Epoch ms. */
  startedAt: number;
  pace: Pace | undefined;
};

async function runWithin(run: Attempt, deadline: AbortSignal | undefined): Promise<StrategyOutcome> {
  const { lease, dependencies, writer, usage } = run;
  const { job } = lease;
  const body = responseJob(job);
  const log = writer.lines();
  const wire = createWireWriter({ job, log, now: dependencies.now });
  const trace = createTraceWriter(log);
  const progress = createProgressReporter({
    lease,
    effective: body.effective,
    spent: usage.latest,
    timeLeft: () => timeLeft(run.pace, body.effective.effort, dependencies.now() - run.startedAt),
    now: dependencies.now,
  });
  /** A call is made only once its start is in the log, so that no later attempt makes it again. */
  const record: Recorder = async (event) => {
    const type = event.type === 'step-added' ? 'trace_step.added' : 'trace_step.done';
    await writer.write([trace.line({ type, step: event.step })]);
    await writer.flush();
  };
  const tools = await openResponseTools({ lease, body, dependencies, log, record });
  try {
    return await runWithTools({ ...run, deadline, body, log, wire, trace, progress, record, tools });
  } finally {
    await tools?.close();
  }
}

type Recorder = Parameters<typeof openResponseTools>[0]['record'];

type Prepared = Attempt & {
  deadline: AbortSignal | undefined;
  body: ResponseJob;
  /** The log when the attempt began. */
  log: readonly LogLine[];
  wire: WireWriter;
  trace: TraceWriter;
  progress: ReturnType<typeof createProgressReporter>;
  record: Recorder;
  tools: ResponseTools | undefined;
};

async function runWithTools(run: Prepared): Promise<StrategyOutcome> {
  const { lease, dependencies, writer, deadline, body, log, wire, progress, tools } = run;
  // Calls that the request approved are in the log by now.
  const prepared = strategyRun({ lease, dependencies, log: writer.lines(), wire, tools });
  const unreported = listenForTokens(prepared.context.model, {
    promptTokens: body.input_tokens,
    phase: () => progress.current().phase,
  });
  const lost = lostByServer(prepared.context, run.usage.counted);
  const context: StrategyContext = {
    ...prepared.context,
    ...(lost === undefined ? {} : { lost }),
    model: unreported.model,
    ...(deadline === undefined ? {} : { deadline }),
  };
  const thoughts = createShownReasoning({ job: lease.job, log, wire, dependencies });
  const output = new OutputWriter({ body, writer, wire, thoughts, tools });
  const events = new EventWriter(run, { unreported, thoughts, output });

  const first = tools?.first(finishedSteps(writer.lines())) ?? [];
  await writer.write([
    ...wire.begin(tools?.effective),
    ...first.flatMap((item) => wire.serverItem(item)),
    ...thoughts.resume(),
  ]);
  const forced = body.tool_calls?.choice === 'required' && body.tool_calls.constraint !== undefined;
  const outcome = await events.drive(prepared.strategy, context, { isCall: forced });
  const settled = await withRepeatedCall(run, { outcome, context, events, output });
  await writer.flush();
  const { reasoning } = responseFromLog(lease.job, writer.lines());
  const warnings = [...body.warnings, ...(tools?.warnings ?? []), ...output.warnings()];
  await writer.write(endLines(wire, settled, { reasoning, warnings, refused: output.refused }));
  await writer.flush();
  return settled;
}

/**
 * What a model's server decoded in a stream that broke. A process of our own that died is another matter: like a dead worker's,
 * its step is repeated as it was, so that the response is the same.
 */
function lostByServer(context: StrategyContext, counted: PhaseUsage | undefined): PhaseUsage | undefined {
  if (counted === undefined || context.model.capabilities.parallel === undefined) return undefined;
  return lostUsage(counted, createRunState(context).usage.snapshot());
}

/** A call that does not fit its tool is made once more, constrained to the tools' schemas. */
async function withRepeatedCall(
  { body, writer, wire, dependencies }: Prepared,
  run: { outcome: StrategyOutcome; context: StrategyContext; events: EventWriter; output: OutputWriter },
): Promise<StrategyOutcome> {
  const { outcome, context, events, output } = run;
  const constraint = body.tool_calls?.constraint;
  const direct = dependencies.strategies.get('direct');
  if (wire.hasOutput() || output.refused === undefined || constraint === undefined || direct === undefined)
    return outcome;
  await writer.flush();
  const again: StrategyContext = {
    ...context,
    answer: { ...context.answer, constraint, toolCalls: 'none' },
    finishedSteps: finishedSteps(writer.lines()),
  };
  const { usage, incomplete } = await events.drive(direct, again, { isCall: true });
  // The verdict was about the first run's answer.
  const verdict = outcome.verdict === null ? null : unthoughtVerdict;
  return { ...outcome, verdict, usage, ...(incomplete === undefined ? {} : { incomplete }) };
}

/** Writes a strategy's events to the log, as lines of the trace and the wire, and counts the tokens. */
class EventWriter {
  private readonly run: Prepared;
  private readonly unreported: ReturnType<typeof listenForTokens>;
  private readonly thoughts: ShownReasoning;
  private readonly output: OutputWriter;
  private readonly live: ReturnType<typeof createLiveSteps>;
  /** The usage that the log holds. */
  private logged: PhaseUsage;

  constructor(
    run: Prepared,
    parts: { unreported: ReturnType<typeof listenForTokens>; thoughts: ShownReasoning; output: OutputWriter },
  ) {
    this.run = run;
    this.unreported = parts.unreported;
    this.thoughts = parts.thoughts;
    this.output = parts.output;
    this.live = createLiveSteps(run.dependencies.now);
    this.logged = run.usage.latest;
  }

  /** Runs a strategy whose answer is shown as it comes; with `isCall`, its answer is the text of one call. */
  async drive(strategy: Strategy, context: StrategyContext, { isCall }: { isCall: boolean }): Promise<StrategyOutcome> {
    let callText = '';
    const events = strategy.run(context);
    let next = await events.next();
    for (; !next.done; next = await events.next()) {
      if (isCall && next.value.type === 'answer-delta') callText += next.value.text;
      else await this.take(next.value);
    }
    await this.output.endText();
    const spent = this.count(next.value.usage);
    if (isCall && next.value.incomplete === undefined) await this.output.callText(callText);
    return { ...next.value, usage: spent };
  }

  private async take(event: StrategyEvent): Promise<void> {
    const { progress, record } = this.run;
    switch (event.type) {
      case 'phase':
        return this.logProgress(progress.phase(event));
      case 'usage':
        return this.takeUsage(event.usage);
      case 'step-added':
        if (event.step.call !== undefined) return record(event);
        this.thoughts.begin(event.step);
        return this.write({ type: 'trace_step.added', step: event.step });
      case 'step-done':
        this.live.end(event.step.index);
        // In one append: a step that is in the log has written everything that it has to.
        return this.write({ type: 'trace_step.done', step: event.step }, () => this.thoughts.end(event.step));
      case 'step-delta':
        return this.takeThought(event);
      case 'answer-delta':
        return this.output.text(event.text, event.logprobs);
      case 'tool-call':
        return this.output.call({ name: event.name, arguments: event.arguments });
      default:
        return event satisfies never;
    }
  }

  private async takeUsage(reported: PhaseUsage): Promise<void> {
    const { usage, progress } = this.run;
    progress.usage(this.count(reported));
    if (totalTokens(usage.latest) - totalTokens(this.logged) >= usageEvery) await this.logProgress(progress.current());
  }

  private async takeThought(event: StepDelta): Promise<void> {
    const shown = this.thoughts.thought(event);
    const pieces = this.thoughts.isLive() ? this.live.delta(event, { flush: shown.length > 0 }) : [];
    const lines = [...pieces.map((piece) => this.run.trace.line(piece)), ...shown];
    if (lines.length > 0) await this.run.writer.write(lines);
  }

  /** What the strategy reports and the tokens that it does not know of; the attempt's usage never falls. */
  private count(reported: PhaseUsage): PhaseUsage {
    const spent = this.unreported.added(reported);
    this.run.usage.counted = spent;
    this.run.usage.latest = largerUsage(this.logged, spent);
    return spent;
  }

  private logProgress(progress: Progress): Promise<void> {
    this.logged = this.run.usage.latest;
    return this.write({ type: 'progress', progress, usage: this.logged });
  }

  private write(event: TraceEvent, more: () => LogLine[] = () => []): Promise<void> {
    return this.run.writer.write([this.run.trace.line(event), ...more()]);
  }
}

function endLines(
  wire: WireWriter,
  outcome: StrategyOutcome,
  {
    reasoning,
    warnings,
    refused,
  }: { reasoning: Response['reasoning']; warnings: StrategyOutcome['warnings']; refused: string | undefined },
): ReturnType<WireWriter['end']> {
  const shared = {
    reasoning,
    usage: responseUsage(outcome.usage),
    stop_sequence: outcome.stopText ?? null,
    thinking_stop: outcome.thinkingStop,
    answer_source: outcome.answerSource,
    verdict: outcome.verdict,
    warnings: [...warnings, ...outcome.warnings],
  };
  if (outcome.incomplete !== undefined) {
    return wire.end({ ...shared, status: 'incomplete', incomplete_details: { reason: outcome.incomplete } });
  }
  if (!wire.hasOutput()) {
    throw new ServiceError({
      code: 'server_error',
      message:
        refused === undefined
          ? 'The model gave no answer to this input.'
          : `The model's tool call was refused: ${refused}.`,
      retryable: false,
    });
  }
  return wire.end({ ...shared, status: 'completed' });
}
