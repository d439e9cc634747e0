import type { LogLine } from '../contracts/responses/job.ts';
import type { Progress } from '../contracts/responses/reasoning.ts';
import type { Response } from '../contracts/responses/response.ts';
import { responseFromLog } from '../contracts/responses/response-from-log.ts';
import { type ResponseJob, responseJob } from '../contracts/responses/response-job.ts';
import { largerUsage, responseUsage, totalTokens } from '../contracts/responses/usage.ts';
import { type Pace, timeLeft } from '../contracts/service/pace.ts';
import { ServiceError } from '../contracts/service/service-error.ts';
import { withTimeLimit } from '../core/deadlines.ts';
import type { JobLease } from '../core/job-queue.ts';
import type { PhaseUsage, Strategy, StrategyContext, StrategyEvent, StrategyOutcome } from '../reasoning/strategy.ts';
import { unthoughtVerdict } from '../reasoning/voting/answer-verdict.ts';
import type { WorkerDependencies } from './dependencies.ts';
import { createLiveSteps } from './live-steps.ts';
import type { LogWriter } from './log-writer.ts';
import { createProgressReporter } from './progress-reporter.ts';
import { openResponseTools, type ResponseTools } from './server-tools.ts';
import { createShownReasoning } from './shown-reasoning.ts';
import { strategyRun } from './strategy-run.ts';
import { createToolCallFilter, type ToolCallFilter } from './tool-calls.ts';
import { createTraceWriter, finishedSteps, type TraceWriter } from './trace-writer.ts';
import { listenForTokens } from './unreported-tokens.ts';
import { createWireWriter, type WireWriter } from './wire-writer.ts';
import { createWrittenCalls } from './written-calls.ts';

/** Tokens between two lines that log a running response's usage: at most this many are lost when a worker dies. */
const usageEvery = 128;

/**
 * One attempt from what the log holds to the terminal line: a strategy's events become lines of trace and wire.
 * `usage.latest` is never less than what the log says of this attempt or an earlier one, so a cut costs at least that.
 * @throws what strategy, model and queue throw; ServiceError `server_error` where nothing came out that may be shown
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
  usage: { latest: PhaseUsage };
  /** Epoch ms at which the worker took it. */
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
  /** What it held when the attempt began. */
  log: readonly LogLine[];
  wire: WireWriter;
  trace: TraceWriter;
  progress: ReturnType<typeof createProgressReporter>;
  record: Recorder;
  tools: ResponseTools | undefined;
};

async function runWithTools(run: Prepared): Promise<StrategyOutcome> {
  const { lease, dependencies, writer, usage, deadline, body, log, wire, trace, progress, record, tools } = run;
  const { job } = lease;
  // Calls that the request approved are in the log by now.
  const prepared = strategyRun({ lease, dependencies, log: writer.lines(), wire, tools });
  const unreported = listenForTokens(prepared.context.model, {
    promptTokens: body.input_tokens,
    phase: () => progress.current().phase,
  });
  const context: StrategyContext = {
    ...prepared.context,
    model: unreported.model,
    ...(deadline === undefined ? {} : { deadline }),
  };
  let logged = usage.latest;
  const callFilter = createToolCallFilter({
    tools: body.prompt.tools ?? [],
    calls: body.tool_calls,
    shown: wire.shownCalls(),
  });
  const callConstraint = body.tool_calls?.constraint;
  const thoughts = createShownReasoning({ job, log, wire, dependencies });
  const live = createLiveSteps(dependencies.now);

  /** The reasoning is whole before the first visible piece: by then the winning thought is known. */
  const beforeOutput = async (): Promise<void> => {
    if (wire.hasOutput() || (tools === undefined && !thoughts.isWanted())) return;
    await writer.flush();
    const steps = finishedSteps(writer.lines());
    if (thoughts.isWanted()) await writer.write(thoughts.settle(steps));
    // All of them in one append: an attempt that dies has shown none or all.
    await writer.write((tools?.winning(steps) ?? []).flatMap(wire.serverItem));
  };
  const show = async (call: Awaited<ReturnType<ToolCallFilter['take']>>): Promise<void> => {
    if (call === undefined) return;
    await beforeOutput();
    await writer.write(wire.toolCall(call));
  };
  // With an output format, the answer itself may look like a call.
  const readsCalls = body.tool_calls?.choice === 'auto' && body.answer.constraint === undefined;
  const written = createWrittenCalls(readsCalls ? (body.prompt.tools ?? []).map(({ name }) => name) : []);
  let leftOut = false;
  const showWritten = async (pieces: ReturnType<typeof written.push>): Promise<void> => {
    for (const piece of pieces) {
      if (piece.type === 'call') {
        const call = await callFilter.takeText(piece.text);
        leftOut ||= call === undefined && callFilter.refused !== undefined;
        await show(call);
        continue;
      }
      await beforeOutput();
      await writer.write(wire.answer(piece.text, body.include.logprobs ? (piece.logprobs ?? []) : []));
    }
  };
  const logProgress = (current: Progress): Promise<void> => {
    logged = usage.latest;
    return writer.write([trace.line({ type: 'progress', progress: current, usage: usage.latest })]);
  };
  const take = async (event: StrategyEvent, onText: (text: string) => boolean): Promise<void> => {
    switch (event.type) {
      case 'phase':
        return logProgress(progress.phase(event));
      case 'usage': {
        const spent = unreported.added(event.usage);
        usage.latest = largerUsage(logged, spent);
        progress.usage(spent);
        return totalTokens(usage.latest) - totalTokens(logged) >= usageEvery
          ? logProgress(progress.current())
          : undefined;
      }
      case 'step-added':
        if (event.step.call !== undefined) return record(event);
        thoughts.begin(event.step);
        return writer.write([trace.line({ type: 'trace_step.added', step: event.step })]);
      case 'step-done':
        live.end(event.step.index);
        // In one append: a step that is kept has said all that it has to say.
        return writer.write([trace.line({ type: 'trace_step.done', step: event.step }), ...thoughts.end(event.step)]);
      case 'step-delta': {
        const pieces = thoughts.isLive() ? live.delta(event) : [];
        const lines = [...pieces.map(trace.line), ...thoughts.thought(event)];
        return lines.length === 0 ? undefined : writer.write(lines);
      }
      case 'answer-delta':
        if (onText(event.text)) return;
        return showWritten(written.push(event.text, event.logprobs));
      case 'tool-call': {
        const asks = tools?.approval(event);
        if (asks !== undefined) {
          await beforeOutput();
          return writer.write(wire.serverItem(asks));
        }
        return show(await callFilter.take({ name: event.name, arguments: event.arguments }));
      }
      default:
        return event satisfies never;
    }
  };
  /** Runs a strategy whose answer is shown as it comes, or is the text of one call. */
  const drive = async (driven: Strategy, given: StrategyContext, isCall: boolean): Promise<StrategyOutcome> => {
    let text = '';
    const collect = (more: string): boolean => {
      if (isCall) text += more;
      return isCall;
    };
    const events = driven.run(given);
    let next = await events.next();
    for (; !next.done; next = await events.next()) await take(next.value, collect);
    await showWritten(written.end());
    const spent = unreported.added(next.value.usage);
    usage.latest = largerUsage(logged, spent);
    if (isCall && next.value.incomplete === undefined) await show(await callFilter.takeText(text));
    return { ...next.value, usage: spent };
  };

  const first = tools?.first(finishedSteps(writer.lines())) ?? [];
  await writer.write([...wire.begin(), ...first.flatMap(wire.serverItem), ...thoughts.resume()]);
  const forced = body.tool_calls?.choice === 'required' && callConstraint !== undefined;
  let outcome = await drive(prepared.strategy, context, forced);
  const direct = dependencies.strategies.get('direct');
  if (!wire.hasOutput() && callFilter.refused !== undefined && callConstraint !== undefined && direct !== undefined) {
    // A call that doesn't fit its tool is made once more, constrained to the tools' schemas.
    await writer.flush();
    const again: StrategyContext = {
      ...context,
      answer: { ...context.answer, constraint: callConstraint, toolCalls: 'none' },
      finishedSteps: finishedSteps(writer.lines()),
    };
    const { usage: spent, incomplete } = await drive(direct, again, true);
    // The verdict was on what the first run gave.
    const verdict = outcome.verdict === null ? null : unthoughtVerdict;
    outcome = { ...outcome, verdict, usage: spent, ...(incomplete === undefined ? {} : { incomplete }) };
  }
  const message = `A call that the model wrote into its answer was left out: ${callFilter.refused}.`;
  const calls = leftOut && wire.hasOutput() ? [{ field: 'tools', message }] : [];
  await writer.flush();
  const { reasoning } = responseFromLog(job, writer.lines());
  await writer.write(
    endLines(wire, outcome, {
      reasoning,
      warnings: [...body.warnings, ...(tools?.warnings ?? []), ...calls],
      refused: callFilter.refused,
    }),
  );
  await writer.flush();
  return outcome;
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
