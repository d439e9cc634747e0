import type { ThinkingStop } from '../../contracts/responses/reasoning.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { MadeCall, ModelEvent, ThinkingRequest } from '../../core/language-model.ts';
import { createSampleCounter } from '../../core/token-counts.ts';
import type { Budget } from '../../core/token-ledger.ts';
import { thinkingDeadline } from '../deadline.ts';
import { countShown, type RunState, runSignal } from '../run-state.ts';
import type { StrategyEvent, StrategyOutcome } from '../strategy.ts';
import type { OpenStep, StepPatch } from '../trace-recorder.ts';
import { createCallSteps } from './call-steps.ts';
import { computedIn, cutBy, isEmptyAnswer, type Sample, thoughtText } from './sample.ts';
import { begunThought, countPrompt, createSampleReader, type SampleReader } from './sample-reader.ts';

/** How a chosen sample's answer ended: cut, at a stop text, or by itself. */
export function answerEnd({
  finish,
  answer,
}: Pick<Sample, 'finish' | 'answer'>): Pick<StrategyOutcome, 'incomplete' | 'stopText'> {
  const incomplete = cutBy(finish);
  return {
    ...(incomplete === undefined ? {} : { incomplete }),
    ...(answer.stopText === undefined ? {} : { stopText: answer.stopText }),
  };
}

/** A second try is sampled even where the first was greedy: the same greedy path would be empty again. */
const secondTryTemperature = 0.7;

/** The answer for which no token is left. */
const noAnswer: Sample = {
  number: 0,
  segments: [],
  answer: { text: '', logprobs: [], toolCalls: [] },
  finish: 'length',
  thinkingStop: undefined,
  usage: { thinking: 0, forced: 0, answer: 0 },
  scores: {},
};

/**
 * Answers without thinking, live. An answer without visible text is tried once more.
 * @throws ServiceError `server_error` if both are empty
 */
export async function* answerFast(state: RunState, budget: Budget): AsyncGenerator<StrategyEvent, Sample, void> {
  const { sampling } = state.context;
  // A fast answer is greedy unless the request says otherwise: it is not compared with any other.
  const fast = { ...sampling, temperature: sampling.temperature ?? 0 };
  await countShown(state);
  const answerTokens = budget.answer(1);
  if (answerTokens < 1) return noAnswer;
  const first = yield* answerLive(state, { answerTokens, sampling: fast });
  if (first !== undefined) return first;
  const room = budget.answer(1);
  if (room < 1) return noAnswer;
  const temperature = Math.max(fast.temperature, secondTryTemperature);
  const seed = sampling.seed === undefined ? {} : { seed: sampling.seed + 1 };
  const second = yield* answerLive(state, { answerTokens: room, sampling: { ...sampling, ...seed, temperature } });
  if (second !== undefined) return second;
  throw new ServiceError({
    code: 'server_error',
    message: 'The model gave no answer to this input.',
    retryable: false,
  });
}

export type LiveRun = {
  /** Absent: it answers fast. */
  thinking?: ThinkingRequest;
  /** Tokens that may be inserted in the thought: before the next continuation word would exceed them, thinking ends as at the budget. */
  continuationTokens?: number;
  answerTokens: number;
  sampling: RunState['context']['sampling'];
};

/**
 * One chain whose answer streams as it is decoded: with no other chain there is nothing that could take it back.
 * White space is held until something visible follows, so an empty answer shows nothing. At the deadline the sample has what
 * there is, which may be nothing.
 * @throws the reason of `context.signal`, and what the model throws
 */
export async function* answerLive(
  state: RunState,
  run: LiveRun,
): AsyncGenerator<StrategyEvent, Sample | undefined, void> {
  const { context, usage } = state;
  const live = openLive(state, run);
  yield* run.thinking === undefined || run.thinking.ended ? beginAnswer(live) : beginThought(live);
  const words = limitContinuations(live);
  const options = { signal: runSignal(context), answerNow: AbortSignal.any([context.answerNow, words.usedUp]) };
  let sample: Sample | undefined;
  try {
    for await (const event of context.model.generate(requestOf(context, run, live.reader.calls.made), options)) {
      const read = words.stopOf(event);
      live.reader.read(read);
      words.watch(read);
      yield* take(live, read);
      if (read.type === 'finish') {
        countPrompt(usage, read);
        sample = live.reader.finished(read);
      }
      if (read.type !== 'thinking-end') yield { type: 'usage', usage: usage.snapshot() };
    }
  } catch (error) {
    context.signal.throwIfAborted();
    if (context.deadline?.aborted !== true) throw error;
    sample = cutAtDeadline(live);
    if (live.thinking !== undefined && live.answering === undefined) {
      yield live.thinking.done(thoughtPatch(live, 'deadline'));
      return sample;
    }
  }
  yield* endThought(live, sample?.thinkingStop ?? 'natural');
  return yield* endAnswer(live, sample);
}

/** The one chain while it runs. */
type Live = {
  state: RunState;
  run: LiveRun;
  reader: SampleReader;
  thinking: OpenStep | undefined;
  answering: OpenStep | undefined;
  /** Deltas of an answer in which nothing is visible yet. */
  held: Array<Extract<ModelEvent, { type: 'answer-delta' }>>;
  /** The answer has visible text. */
  visible: boolean;
};

function openLive(state: RunState, run: LiveRun): Live {
  const { context, usage, trace } = state;
  const thinks = run.thinking !== undefined;
  const calls = createCallSteps(trace, context, { of: thinks ? 'think' : 'answer', sample: thinks ? 0 : null });
  const counter = createSampleCounter(
    (kind, tokens) => usage.add(kind === 'thinking' ? 'think' : kind, tokens),
    // What an earlier attempt spent before its last call is in the totals already.
    calls.spent,
  );
  return {
    state,
    run,
    reader: createSampleReader({ number: 0, begun: thinks ? begunThought(run.thinking, calls) : [], calls, counter }),
    thinking: undefined,
    answering: undefined,
    held: [],
    visible: context.answer.prefix !== undefined,
  };
}

function* beginThought(live: Live): Generator<StrategyEvent, void, void> {
  live.thinking = live.state.trace.begin({ phase: 'think', sample: 0, summary: 'Thinks in one chain.' });
  yield { type: 'phase', phase: 'think', step: 1, steps: 2 };
  yield live.thinking.added;
}

function* beginAnswer(live: Live): Generator<StrategyEvent, void, void> {
  const thought = live.run.thinking !== undefined;
  live.answering = live.state.trace.begin({
    phase: 'answer',
    sample: thought ? 0 : null,
    summary: thought ? 'Answers from its thought.' : 'Answers at once, without thinking.',
  });
  yield { type: 'phase', phase: 'answer', step: thought ? 2 : 1, steps: thought ? 2 : 1 };
  yield live.answering.added;
}

/** The events that a client or the trace is given for one of the model's, once it is read. */
function* take(live: Live, event: ModelEvent): Generator<StrategyEvent, void, void> {
  switch (event.type) {
    case 'thinking-delta':
      if (live.thinking !== undefined) yield live.thinking.delta(event);
      return;
    case 'thinking-end':
      yield* endThought(live, event.reason);
      return;
    case 'answer-delta':
      yield* endThought(live, 'natural');
      live.held.push(event);
      live.visible ||= event.text.trim() !== '';
      if (!live.visible) return;
      for (const { text, logprobs } of live.held) yield { type: 'answer-delta', text, logprobs };
      live.held = [];
      return;
    case 'tool-call':
      yield* endThought(live, 'natural');
      yield { type: 'tool-call', name: event.name, arguments: event.arguments };
      return;
    case 'tool-start':
    case 'tool-result':
      yield* live.reader.calls.take(event, live.reader.counter.tokens);
      return;
    case 'finish':
      return;
    default:
      event satisfies never;
  }
}

/** The thought is over: its step is done and the answer's begins. */
function* endThought(live: Live, reason: ThinkingStop): Generator<StrategyEvent, void, void> {
  if (live.thinking === undefined || live.answering !== undefined) return;
  yield live.thinking.done(thoughtPatch(live, reason));
  yield* beginAnswer(live);
}

function thoughtPatch({ reader: { segments, counter, calls } }: Live, reason: ThinkingStop): StepPatch {
  return {
    tokens: counter.tokens.thinking,
    text: thoughtText({ segments }),
    ...computedIn(segments),
    stop_reason: reason,
    usage: { ...counter.tokens, answer: 0 },
    ...calls.patch(),
  };
}

/** What there is at the deadline. */
function cutAtDeadline({ reader, run, visible }: Live): Sample {
  const sample = reader.cut();
  return {
    ...sample,
    answer: { ...sample.answer, text: visible ? sample.answer.text : '' },
    thinkingStop: run.thinking === undefined ? undefined : (sample.thinkingStop ?? 'deadline'),
  };
}

/** Ends the answer's step, if there is one. Gives the sample; undefined if its answer is empty, unless the deadline cut it. */
function* endAnswer(
  { state: { context, usage }, run, reader, answering }: Live,
  sample: Sample | undefined,
): Generator<StrategyEvent, Sample | undefined, void> {
  if (answering === undefined) return sample;
  const answer = reader.counter.tokens.answer;
  const late = sample?.finish === 'deadline';
  const empty = sample === undefined || (isEmptyAnswer(sample.answer) && context.answer.prefix === undefined);
  // An answer that shows nothing is not the answer: its tokens go with those of answers that were not chosen.
  if (empty) usage.move('answer', 'discarded', answer);
  yield answering.done({
    tokens: answer,
    summary: late ? 'Stopped: the deadline passed.' : empty ? 'The answer was empty.' : answering.summary,
    stop_reason: sample?.finish ?? null,
    answer: reader.text.trim() || null,
    answer_text: reader.text,
    confidence: sample?.scores.answerMeanLogprob ?? null,
    usage: { thinking: 0, forced: 0, answer },
    ...(run.thinking === undefined ? reader.calls.patch() : {}),
  });
  return empty && !late ? undefined : sample;
}

/**
 * Ends the thought before its inserted continuation words pass their share of the tokens. The model then reports that it was
 * asked to answer now; the budget is what asked.
 */
function limitContinuations({ run, reader: { counter }, state: { context } }: Live) {
  const usedUp = new AbortController();
  const most = run.continuationTokens ?? Number.POSITIVE_INFINITY;
  const stopOf = (reason: ThinkingStop): ThinkingStop =>
    reason === 'user' && usedUp.signal.aborted && !context.answerNow.aborted ? 'budget' : reason;
  return {
    usedUp: usedUp.signal,
    watch(event: ModelEvent): void {
      if (event.type !== 'thinking-delta' || !event.forced) return;
      if (counter.tokens.forced - counter.computed + event.tokenIds.length > most) usedUp.abort();
    },
    /** The event with the true reason for the thought's end. */
    stopOf(event: ModelEvent): ModelEvent {
      if (event.type === 'thinking-end') return { ...event, reason: stopOf(event.reason) };
      if (event.type !== 'finish' || event.thinkingStop === undefined) return event;
      return { ...event, thinkingStop: stopOf(event.thinkingStop) };
    },
  };
}

function requestOf(
  context: RunState['context'],
  run: LiveRun,
  made: readonly MadeCall[],
): Parameters<RunState['context']['model']['generate']>[0] {
  const thinkUntil = run.thinking === undefined ? undefined : thinkingDeadline(context, undefined);
  return {
    prompt: context.prompt,
    samples: 1,
    answer: { ...context.answer, maxTokens: run.answerTokens },
    sampling: run.sampling,
    deterministic: context.deterministic,
    ...(run.thinking === undefined ? {} : { thinking: run.thinking }),
    ...(thinkUntil === undefined ? {} : { deadlineAt: thinkUntil }),
    ...(made.length > 0 && { made: [made] }),
  };
}
