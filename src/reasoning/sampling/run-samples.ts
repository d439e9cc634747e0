import type { Prompt } from '../../contracts/responses/prompt.ts';
import type { ThinkingStop } from '../../contracts/responses/reasoning.ts';
import type { AnswerRequest, ModelEvent, Sampling, ThinkingRequest } from '../../core/language-model.ts';
import {
  createSampleCounter,
  createStoppedRun,
  createUsageTotals,
  type SampleCounter,
  type UsageTotals,
  usageField,
} from '../../core/token-counts.ts';
import type { StrategyContext, StrategyEvent } from '../strategy.ts';
import { createTraceRecorder, type OpenStep, type StepPatch, type TraceRecorder } from '../trace-recorder.ts';
import { type CallSteps, createCallSteps, openCalls } from './call-steps.ts';
import { answerText, computedIn, type Sample, segmentOf } from './sample.ts';

/** Begins a run: an earlier attempt's finished steps are on its trace, and their tokens in its totals. */
export function createRunState(context: StrategyContext): RunState {
  const usage = createUsageTotals();
  for (const step of context.finishedSteps) {
    if (step.usage === undefined) continue;
    const phase = step.phase;
    usage.addPrompt({ inputTokens: step.usage.input ?? 0, cachedTokens: step.usage.cached ?? 0 });
    if (phase === 'answer' || phase === 'vote') {
      usage.add('discarded', step.usage.answer);
    } else if (phase === 'draft' || phase === 'think' || phase === 'revise') {
      for (const kind of ['thinking', 'forced', 'answer'] as const)
        usage.add(usageField(phase, kind), step.usage[kind]);
    }
  }
  for (const { call, usage: spent } of openCalls(context)) {
    if (call === undefined || call.of === 'request' || spent === undefined) continue;
    for (const kind of ['thinking', 'forced', 'answer'] as const) {
      const phase = call.of === 'answer' ? (kind === 'thinking' ? 'think' : kind) : usageField(call.of, kind);
      usage.add(phase, spent[kind]);
    }
  }
  return { context, usage, trace: createTraceRecorder({ now: context.now, finished: context.finishedSteps }) };
}

/** What every run of one request shares. */
export type RunState = { context: StrategyContext; usage: UsageTotals; trace: TraceRecorder };

export type SampleRun = {
  prompt: Prompt;
  /** Numbers on the trace, one per sample. */
  numbers: readonly number[];
  phase: 'draft' | 'think' | 'revise';
  thinking?: ThinkingRequest;
  /** Epoch ms: then the thought is ended and the answer given. Absent: no deadline. */
  thinkUntil?: number | undefined;
  answer: AnswerRequest;
  sampling: Sampling;
  summary: string;
  /** Of the trace step. */
  because?: string;
  prompted?: { file: string; hash: string };
  /** True while a finished chain stands: samples whose thought the budget has cut are then stopped, and give no answer. */
  stands?: () => boolean;
  /** Called as a sample ends; what it gives goes on the trace. */
  onSample?: (sample: Sample) => Promise<StepPatch>;
  /** Called behind it, when the sample's step is done; true ends the run, other samples unfinished. */
  settles?: (sample: Sample) => AsyncGenerator<StrategyEvent, boolean, void>;
};

type Row = {
  number: number;
  step: OpenStep;
  calls: CallSteps;
  segments: Sample['segments'][number][];
  text: string;
  logprobs: Sample['answer']['logprobs'][number][];
  toolCalls: Sample['answer']['toolCalls'][number][];
  counter: SampleCounter;
  thinkingStop: ThinkingStop | undefined;
  done: boolean;
};

/**
 * Runs samples of one prompt with their steps on the trace, and counts every token as it comes, so that a run which is
 * cut off has its usage too. Answers are counted as `discarded` (a draft's as `draft`) until one is chosen.
 * @throws the reason of `context.signal`, and what the model throws
 */
export async function* runSamples(state: RunState, run: SampleRun): AsyncGenerator<StrategyEvent, Sample[], void> {
  const { context, usage, trace } = state;
  const stopping = new AbortController();
  const unread = createStoppedRun(usage, run.thinking);
  const rows: Row[] = [];
  for (const number of run.numbers) {
    const step = trace.begin({
      phase: run.phase,
      sample: run.phase === 'draft' ? null : number,
      summary: run.summary,
      ...(run.because === undefined ? {} : { because: run.because }),
      ...(run.prompted === undefined ? {} : { prompt: run.prompted }),
    });
    const calls = createCallSteps(trace, context, { of: run.phase, sample: run.phase === 'draft' ? null : number });
    rows.push({
      number,
      step,
      calls,
      segments: [...(run.thinking?.prefix ?? []), ...(calls.thought === '' ? [] : [{ text: calls.thought }])],
      text: '',
      logprobs: [],
      toolCalls: [],
      counter: createSampleCounter(
        (kind, tokens) => usage.add(usageField(run.phase, kind), tokens),
        // In the totals already.
        calls.spent,
      ),
      thinkingStop: undefined,
      done: false,
    });
    yield step.added;
  }
  const samples: Sample[] = [];
  try {
    for await (const event of context.model.generate(request(context, run, rows), {
      signal: runSignal(context, stopping.signal),
      answerNow: context.answerNow,
      onStopped: unread.onStopped,
    })) {
      const row = rows[event.sample];
      if (row === undefined) continue;
      row.counter.count(event);
      yield* take(event, row);
      if (event.type === 'finish') {
        usage.addPrompt(event.usage);
        if (event.usage.toolTokens !== undefined) usage.add('tool', event.usage.toolTokens);
        const sample = toSample(row, event);
        samples.push(sample);
        const patch = await run.onSample?.(sample);
        row.done = true;
        yield row.step.done({ ...stepOf(sample, event.usage), ...row.calls.patch(), ...patch });
        const isSettled = run.settles !== undefined && (yield* run.settles(sample));
        if (isSettled && samples.length < rows.length) stopping.abort(new Error('settled'));
      }
      if (event.type === 'finish' || event.type === 'thinking-end') {
        const left = rows.filter(({ done }) => !done);
        const onlyCut = left.length > 0 && left.every(({ thinkingStop }) => thinkingStop === 'budget');
        if (onlyCut && run.stands?.() === true) stopping.abort(new Error('the budget is spent'));
      }
      if (event.type !== 'thinking-end') yield { type: 'usage', usage: usage.snapshot() };
    }
  } catch (error) {
    context.signal.throwIfAborted();
    if (!stopping.signal.aborted && context.deadline?.aborted !== true) throw error;
    unread.withhold(rows.map(({ counter }) => counter));
  }
  for (const row of rows) {
    if (row.done) continue;
    const isLate = !stopping.signal.aborted;
    const sample = isLate ? cutSample(row) : undefined;
    const patch = sample === undefined ? undefined : await run.onSample?.(sample);
    if (sample !== undefined) samples.push(sample);
    const stop = isLate ? 'deadline' : row.thinkingStop === 'budget' ? 'budget' : 'settled_vote';
    yield row.step.done({
      tokens: row.counter.tokens.thinking + row.counter.tokens.answer,
      text: row.segments.map((segment) => segment.text).join('') || null,
      ...computedIn(row.segments),
      summary: stopped[stop],
      stop_reason: stop,
      usage: { ...row.counter.tokens },
      ...row.calls.patch(),
      ...patch,
    });
  }
  return samples;
}

const stopped = {
  deadline: 'Stopped: the deadline passed.',
  budget: 'Stopped: the budget was spent, and another chain had ended.',
  settled_vote: 'Stopped: the answer was settled.',
} as const;

/** Aborts a run that is cancelled, whose time is over, or, where it may be, that is settled. */
export function runSignal(
  { signal, deadline }: Pick<StrategyContext, 'signal' | 'deadline'>,
  settled?: AbortSignal,
): AbortSignal {
  return AbortSignal.any([signal, deadline, settled].filter((one) => one !== undefined));
}

/** What a row has said by the deadline; undefined where it has not begun to answer. */
function cutSample(row: Row): Sample | undefined {
  if (row.text.trim() === '') return undefined;
  return {
    number: row.number,
    segments: row.segments,
    answer: { text: row.text, logprobs: row.logprobs, toolCalls: row.toolCalls },
    finish: 'deadline',
    thinkingStop: row.thinkingStop,
    usage: { ...row.counter.tokens },
    scores: {},
  };
}

function request(
  context: StrategyContext,
  run: SampleRun,
  rows: readonly Row[],
): Parameters<StrategyContext['model']['generate']>[0] {
  return {
    prompt: run.prompt,
    samples: run.numbers.length,
    answer: run.answer,
    sampling: run.sampling,
    deterministic: context.deterministic,
    ...(run.thinking === undefined ? {} : { thinking: run.thinking }),
    ...(run.thinkUntil === undefined ? {} : { deadlineAt: run.thinkUntil }),
    ...(rows.some(({ calls }) => calls.made.length > 0) && { made: rows.map(({ calls }) => calls.made) }),
  };
}

function* take(event: ModelEvent, row: Row): Generator<StrategyEvent, void, void> {
  switch (event.type) {
    case 'thinking-delta':
      row.segments.push(segmentOf(event));
      yield row.step.delta(event);
      return;
    case 'answer-delta':
      row.text += event.text;
      row.logprobs.push(...event.logprobs);
      return;
    case 'tool-call':
      row.toolCalls.push({ name: event.name, arguments: event.arguments });
      return;
    case 'thinking-end':
      row.thinkingStop = event.reason;
      return;
    case 'finish':
      return;
    case 'tool-start':
    case 'tool-result':
      yield* row.calls.take(event, row.counter.tokens);
      return;
    default:
      event satisfies never;
  }
}

function toSample(row: Row, finish: Extract<ModelEvent, { type: 'finish' }>): Sample {
  return {
    number: row.number,
    segments: row.segments,
    answer: {
      text: row.text,
      logprobs: row.logprobs,
      toolCalls: row.toolCalls,
      ...(finish.stopText === undefined ? {} : { stopText: finish.stopText }),
    },
    finish: finish.reason,
    thinkingStop: finish.thinkingStop,
    usage: { ...row.counter.tokens },
    scores: finish.scores,
  };
}

function stepOf(
  sample: Sample,
  { inputTokens, cachedTokens }: Extract<ModelEvent, { type: 'finish' }>['usage'],
): StepPatch {
  return {
    tokens: sample.usage.thinking + sample.usage.answer,
    text: sample.segments.length === 0 ? null : sample.segments.map((segment) => segment.text).join(''),
    ...computedIn(sample.segments),
    stop_reason: sample.thinkingStop ?? sample.finish,
    answer: sample.answer.text.trim() || null,
    ...answerText(sample.answer),
    confidence: sample.scores.thinkingMeanLogprob ?? sample.scores.answerMeanLogprob ?? null,
    ...(sample.scores.answerMeanLogprob === undefined ? {} : { answer_confidence: sample.scores.answerMeanLogprob }),
    usage: { ...sample.usage, input: inputTokens, cached: cachedTokens },
    ...(sample.scores.selfCertainty === undefined ? {} : { self_certainty: sample.scores.selfCertainty }),
  };
}
