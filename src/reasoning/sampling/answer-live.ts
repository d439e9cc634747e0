import type { IncompleteReason, ThinkingStop } from '../../contracts/responses/reasoning.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { MadeCall, ModelEvent, ThinkingRequest } from '../../core/language-model.ts';
import { createSampleCounter } from '../../core/token-counts.ts';
import type { Budget } from '../../core/token-ledger.ts';
import { thinkingDeadline } from '../deadline.ts';
import type { StrategyEvent, StrategyOutcome } from '../strategy.ts';
import type { OpenStep } from '../trace-recorder.ts';
import { createCallSteps } from './call-steps.ts';
import { type RunState, runSignal } from './run-samples.ts';
import { computedIn, isEmptyAnswer, type Sample, segmentOf } from './sample.ts';

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

/** Why an answer did not come to its own end; undefined where it did. */
export function cutBy(finish: Sample['finish']): IncompleteReason | undefined {
  if (finish === 'length') return 'max_output_tokens';
  return finish === 'deadline' || finish === 'loop' ? finish : undefined;
}

/** A second try is sampled even where the first was greedy: the same greedy path would be empty again. */
const secondTryTemperature = 0.7;

/**
 * Answers without thinking, live. An answer without visible text is tried once more.
 * @throws ServiceError `server_error` when both came out empty
 */
export async function* answerFast(state: RunState, budget: Budget): AsyncGenerator<StrategyEvent, Sample, void> {
  const { sampling } = state.context;
  // Without a wish a fast answer is greedy: it is not compared with any other.
  const fast = { ...sampling, temperature: sampling.temperature ?? 0 };
  const first = yield* answerLive(state, { answerTokens: Math.max(1, budget.answer(1)), sampling: fast });
  if (first !== undefined) return first;
  const room = budget.answer(1);
  if (room > 0) {
    const temperature = Math.max(fast.temperature, secondTryTemperature);
    const seed = sampling.seed === undefined ? {} : { seed: sampling.seed + 1 };
    const second = yield* answerLive(state, { answerTokens: room, sampling: { ...sampling, ...seed, temperature } });
    if (second !== undefined) return second;
  }
  throw new ServiceError({
    code: 'server_error',
    message: 'The model gave no answer to this input.',
    retryable: false,
  });
}

type LiveRun = {
  /** Absent: it answers fast. */
  thinking?: ThinkingRequest;
  /** Tokens that may be fed in the thought: before the next continuation word would pass them, thinking ends as at the budget. */
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
  const { context, usage, trace } = state;
  const chain =
    run.thinking === undefined ? { of: 'answer' as const, sample: null } : { of: 'think' as const, sample: 0 };
  const calls = createCallSteps(trace, context, chain);
  // What an earlier attempt spent before its last call is in the totals already.
  const counter = createSampleCounter(
    (kind, tokens) => usage.add(kind === 'thinking' ? 'think' : kind, tokens),
    calls.spent,
  );
  const counted = counter.tokens;
  const segments = [...(run.thinking?.prefix ?? [])];
  if (run.thinking !== undefined && calls.thought !== '') segments.push({ text: calls.thought });
  const toolCalls: Sample['answer']['toolCalls'][number][] = [];
  const logprobs: Sample['answer']['logprobs'][number][] = [];
  let text = '';
  let held: Array<Extract<ModelEvent, { type: 'answer-delta' }>> = [];
  let visible = context.answer.prefix !== undefined;
  let thinking: OpenStep | undefined;
  let answering: OpenStep | undefined;

  const beginAnswer = function* (): Generator<StrategyEvent, void, void> {
    const thought = run.thinking !== undefined;
    answering = trace.begin({
      phase: 'answer',
      sample: thought ? 0 : null,
      summary: thought ? 'Answers from its thought.' : 'Answers at once, without thinking.',
    });
    yield { type: 'phase', phase: 'answer', step: thought ? 2 : 1, steps: thought ? 2 : 1 };
    yield answering.added;
  };

  if (run.thinking === undefined || run.thinking.ended) {
    yield* beginAnswer();
  } else {
    thinking = trace.begin({ phase: 'think', sample: 0, summary: 'Thinks in one chain.' });
    yield { type: 'phase', phase: 'think', step: 1, steps: 2 };
    yield thinking.added;
  }
  /** The thought is over: its step is done and the answer's begins. */
  const endThought = function* (reason: string): Generator<StrategyEvent, void, void> {
    if (thinking === undefined || answering !== undefined) return;
    const thought = segments.map((segment) => segment.text).join('');
    yield thinking.done({
      tokens: counted.thinking,
      text: thought,
      ...computedIn(segments),
      stop_reason: reason,
      usage: { ...counted, answer: 0 },
      ...calls.patch(),
    });
    yield* beginAnswer();
  };

  let sample: Sample | undefined;
  let thoughtStop: ThinkingStop | undefined;
  const fedEnough = new AbortController();
  const options = { signal: runSignal(context), answerNow: AbortSignal.any([context.answerNow, fedEnough.signal]) };
  const stopReason = (reason: ThinkingStop): ThinkingStop =>
    reason === 'user' && fedEnough.signal.aborted && !context.answerNow.aborted ? 'budget' : reason;
  try {
    for await (const event of context.model.generate(requestOf(context, run, calls.made), options)) {
      counter.count(event);
      switch (event.type) {
        case 'thinking-delta':
          segments.push(segmentOf(event));
          if (
            event.forced &&
            counted.forced - counter.computed + event.tokenIds.length >
              (run.continuationTokens ?? Number.POSITIVE_INFINITY)
          )
            fedEnough.abort();
          if (thinking !== undefined) yield thinking.delta(event);
          break;
        case 'thinking-end':
          thoughtStop = stopReason(event.reason);
          yield* endThought(thoughtStop);
          break;
        case 'answer-delta':
          yield* endThought('natural');
          text += event.text;
          logprobs.push(...event.logprobs);
          held.push(event);
          visible ||= event.text.trim() !== '';
          if (visible) {
            for (const delta of held) yield { type: 'answer-delta', text: delta.text, logprobs: delta.logprobs };
            held = [];
          }
          break;
        case 'tool-call':
          yield* endThought('natural');
          toolCalls.push({ name: event.name, arguments: event.arguments });
          yield { type: 'tool-call', name: event.name, arguments: event.arguments };
          break;
        case 'finish':
          if (event.usage.toolTokens !== undefined) usage.add('tool', event.usage.toolTokens);
          usage.addPrompt(event.usage);
          sample = {
            number: 0,
            segments,
            answer: {
              text,
              logprobs,
              toolCalls,
              ...(event.stopText === undefined ? {} : { stopText: event.stopText }),
            },
            finish: event.reason,
            thinkingStop: event.thinkingStop === undefined ? undefined : stopReason(event.thinkingStop),
            usage: { ...counted },
            scores: event.scores,
          };
          break;
        case 'tool-start':
        case 'tool-result':
          yield* calls.take(event, counted);
          break;
        default:
          event satisfies never;
      }
      if (event.type !== 'thinking-end') yield { type: 'usage', usage: usage.snapshot() };
    }
  } catch (error) {
    context.signal.throwIfAborted();
    if (context.deadline?.aborted !== true) throw error;
    sample = {
      number: 0,
      segments,
      answer: { text: visible ? text : '', logprobs, toolCalls },
      finish: 'deadline',
      thinkingStop: run.thinking === undefined ? undefined : (thoughtStop ?? 'deadline'),
      usage: { ...counted },
      scores: {},
    };
    if (thinking !== undefined && answering === undefined) {
      yield thinking.done({
        tokens: counted.thinking,
        text: segments.map((segment) => segment.text).join(''),
        ...computedIn(segments),
        stop_reason: 'deadline',
        usage: { ...counted, answer: 0 },
        ...calls.patch(),
      });
      return sample;
    }
  }
  yield* endThought(sample?.thinkingStop ?? 'natural');
  if (answering !== undefined) {
    const late = sample?.finish === 'deadline';
    const empty = sample === undefined || (isEmptyAnswer(sample.answer) && context.answer.prefix === undefined);
    // An answer that shows nothing is not the answer: its tokens go with those of answers that were not chosen.
    if (empty) usage.move('answer', 'discarded', counted.answer);
    yield answering.done({
      tokens: counted.answer,
      summary: late ? 'Stopped: the deadline passed.' : empty ? 'The answer came out empty.' : answering.summary,
      stop_reason: sample?.finish ?? null,
      answer: text.trim() || null,
      answer_text: text,
      confidence: sample?.scores.answerMeanLogprob ?? null,
      usage: { thinking: 0, forced: 0, answer: counted.answer },
      ...(run.thinking === undefined ? calls.patch() : {}),
    });
    if (empty && !late) return undefined;
  }
  return sample;
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
