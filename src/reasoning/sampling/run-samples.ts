import type { Prompt } from '../../contracts/responses/prompt.ts';
import type { AnswerRequest, ModelEvent, SampleUsage, Sampling, ThinkingRequest } from '../../core/language-model.ts';
import { createSampleCounter, createStoppedRun, usageField } from '../../core/token-counts.ts';
import { type RunState, runSignal } from '../run-state.ts';
import type { StrategyContext, StrategyEvent } from '../strategy.ts';
import type { OpenStep, StepPatch } from '../trace-recorder.ts';
import { createCallSteps } from './call-steps.ts';
import { answerText, computedIn, cutBy, type Sample, thoughtText } from './sample.ts';
import { begunThought, countPrompt, createSampleReader, type SampleReader } from './sample-reader.ts';

export type SampleRun = {
  prompt: Prompt;
  /** Numbers on the trace, one per sample. */
  numbers: readonly number[];
  phase: 'draft' | 'think' | 'revise';
  thinking?: ThinkingRequest;
  /** When thinking ends and the answer begins. Epoch ms; absent: no deadline. */
  thinkUntil?: number | undefined;
  answer: AnswerRequest;
  sampling: Sampling;
  summary: string;
  /** Of the trace step. */
  because?: string;
  prompted?: { file: string; hash: string };
  /** True once there is a finished chain: samples whose thought the budget has cut are then stopped without an answer. */
  stands?: () => boolean;
  /**
   * Where given, a sample whose stream breaks costs only itself. True once an earlier run gave an answer: then a run whose samples
   * all break ends without them.
   */
  hasAnswer?: () => boolean;
  /** Called when a sample ends; its result is added to the trace step. */
  onSample?: (sample: Sample) => Promise<StepPatch>;
  /** Called after it, once the sample's step is done; true stops the other samples and ends the run. */
  settles?: (sample: Sample) => AsyncGenerator<StrategyEvent, boolean, void>;
};

/** A sample that is read, with its step on the trace. `broken`: its stream broke; its step is done once another sample's is. */
type Row = { reader: SampleReader; step: OpenStep; done: boolean; broken: boolean };

/**
 * Runs samples of one prompt with their steps on the trace, and counts every token as it comes, so that a run which is
 * cut off has its usage too. Answers are counted as `discarded` (a draft's as `draft`) until one is chosen.
 * A sample whose stream broke is on the trace and not in the result. Where all broke, nothing of them is on the trace, so that
 * another attempt repeats them.
 * @throws the reason of `context.signal`, and what the model throws
 */
export async function* runSamples(state: RunState, run: SampleRun): AsyncGenerator<StrategyEvent, Sample[], void> {
  const { context, usage } = state;
  const stopping = new AbortController();
  const unread = createStoppedRun(usage, run.thinking);
  const rows = yield* openRows(state, run);
  const samples: Sample[] = [];
  try {
    for await (const event of context.model.generate(request(context, run, rows), {
      signal: runSignal(context, stopping.signal),
      answerNow: context.answerNow,
      onStopped: unread.onStopped,
      keepsOthers: run.hasAnswer !== undefined,
    })) {
      const row = rows[event.sample];
      if (row === undefined) continue;
      row.reader.read(event);
      yield* take(event, row);
      if (event.type === 'finish') countPrompt(usage, event);
      if (event.type === 'finish' && event.reason === 'fault') {
        row.broken = true;
      } else if (event.type === 'finish') {
        const sample = row.reader.finished(event);
        samples.push(sample);
        const isSettled = yield* endRow(row, sample, { run, usage: event.usage });
        if (isSettled && rows.some(isRunning)) stopping.abort(new Error('settled'));
      }
      if (samples.length > 0) yield* endBroken(rows);
      const mayBeCut = event.type === 'finish' || event.type === 'thinking-end';
      if (mayBeCut && onlyCutLeft(rows) && run.stands?.() === true) stopping.abort(new Error('the budget is spent'));
      if (event.type !== 'thinking-end') yield { type: 'usage', usage: usage.snapshot() };
    }
  } catch (error) {
    context.signal.throwIfAborted();
    const isStopped = stopping.signal.aborted || context.deadline?.aborted === true;
    const goesWithout = rows.every(({ broken }) => broken) && run.hasAnswer?.() === true;
    if (!isStopped && !goesWithout) throw error;
    unread.withhold(rows.map(({ reader }) => reader.counter));
  }
  yield* endBroken(rows);
  for (const row of rows) {
    if (!row.done) samples.push(...(yield* stopRow(row, run, { isLate: !stopping.signal.aborted })));
  }
  return samples;
}

function* openRows({ context, usage, trace }: RunState, run: SampleRun): Generator<StrategyEvent, Row[], void> {
  const rows: Row[] = [];
  for (const number of run.numbers) {
    const sample = run.phase === 'draft' ? null : number;
    const step = trace.begin({
      phase: run.phase,
      sample,
      summary: run.summary,
      ...(run.because === undefined ? {} : { because: run.because }),
      ...(run.prompted === undefined ? {} : { prompt: run.prompted }),
    });
    const calls = createCallSteps(trace, context, { of: run.phase, sample });
    const counter = createSampleCounter(
      (kind, tokens) => usage.add(usageField(run.phase, kind), tokens),
      // In the totals already.
      calls.spent,
    );
    const begun = begunThought(run.thinking, calls);
    rows.push({ reader: createSampleReader({ number, begun, calls, counter }), step, done: false, broken: false });
    yield step.added;
  }
  return rows;
}

/** The step of a sample that has finished. True where the run may end with it. */
async function* endRow(
  row: Row,
  sample: Sample,
  { run, usage }: { run: SampleRun; usage: SampleUsage },
): AsyncGenerator<StrategyEvent, boolean, void> {
  const patch = await run.onSample?.(sample);
  row.done = true;
  yield row.step.done({ ...stepOf(sample, usage), ...row.reader.calls.patch(), ...patch });
  return run.settles !== undefined && (yield* run.settles(sample));
}

function isRunning({ done, broken }: Row): boolean {
  return !done && !broken;
}

/** The steps of samples whose streams broke. */
function* endBroken(rows: readonly Row[]): Generator<StrategyEvent, void, void> {
  for (const row of rows) {
    if (row.done || !row.broken) continue;
    row.done = true;
    yield row.step.done(stepOfStopped(row, 'fault'));
  }
}

/** True where samples still run and the budget has cut the thought of each. */
function onlyCutLeft(rows: readonly Row[]): boolean {
  const left = rows.filter(isRunning);
  return left.length > 0 && left.every(({ reader }) => reader.thinkingStop === 'budget');
}

/** The step of a sample that was stopped. Late, at the deadline, it is kept if it has begun to answer. */
async function* stopRow(
  row: Row,
  run: SampleRun,
  { isLate }: { isLate: boolean },
): AsyncGenerator<StrategyEvent, Sample[], void> {
  const { reader, step } = row;
  const sample = isLate && reader.text.trim() !== '' ? reader.cut() : undefined;
  const patch = sample === undefined ? undefined : await run.onSample?.(sample);
  const stop = isLate ? 'deadline' : reader.thinkingStop === 'budget' ? 'budget' : 'settled_vote';
  yield step.done({ ...stepOfStopped(row, stop), ...patch });
  return sample === undefined ? [] : [sample];
}

function stepOfStopped({ reader }: Row, stop: keyof typeof stopped): StepPatch {
  const { tokens } = reader.counter;
  return {
    tokens: tokens.thinking + tokens.answer,
    text: thoughtText(reader) || null,
    ...computedIn(reader.segments),
    summary: stopped[stop],
    stop_reason: stop,
    usage: { ...tokens },
    ...reader.calls.patch(),
  };
}

const stopped = {
  deadline: 'Stopped: the deadline passed.',
  budget: 'Stopped: the budget was spent, and another chain had ended.',
  settled_vote: 'Stopped: the answer was settled.',
  fault: "Stopped: its stream from the model's server broke.",
} as const;

function request(
  context: StrategyContext,
  run: SampleRun,
  rows: readonly Row[],
): Parameters<StrategyContext['model']['generate']>[0] {
  const made = rows.map(({ reader }) => reader.calls.made);
  return {
    prompt: run.prompt,
    samples: run.numbers.length,
    answer: run.answer,
    sampling: run.sampling,
    deterministic: context.deterministic,
    ...(run.thinking === undefined ? {} : { thinking: run.thinking }),
    ...(run.thinkUntil === undefined ? {} : { deadlineAt: run.thinkUntil }),
    ...(made.some((calls) => calls.length > 0) && { made }),
  };
}

function* take(event: ModelEvent, { reader, step }: Row): Generator<StrategyEvent, void, void> {
  if (event.type === 'thinking-delta') yield step.delta(event);
  if (event.type === 'tool-start' || event.type === 'tool-result')
    yield* reader.calls.take(event, reader.counter.tokens);
}

function stepOf(sample: Sample, { inputTokens, cachedTokens }: SampleUsage): StepPatch {
  return {
    tokens: sample.usage.thinking + sample.usage.answer,
    text: sample.segments.length === 0 ? null : thoughtText(sample),
    ...computedIn(sample.segments),
    stop_reason: sample.thinkingStop ?? sample.finish,
    answer: sample.answer.text.trim() || null,
    ...answerText(sample.answer, cutBy(sample.finish)),
    confidence: sample.scores.thinkingMeanLogprob ?? sample.scores.answerMeanLogprob ?? null,
    ...(sample.scores.answerMeanLogprob === undefined ? {} : { answer_confidence: sample.scores.answerMeanLogprob }),
    usage: { ...sample.usage, input: inputTokens, cached: cachedTokens },
    ...(sample.scores.selfCertainty === undefined ? {} : { self_certainty: sample.scores.selfCertainty }),
  };
}
