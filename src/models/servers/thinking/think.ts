import { isTextOnly } from '../../../contracts/responses/prompt.ts';
import type { ThinkingStop } from '../../../contracts/responses/reasoning.ts';
import { ServiceError } from '../../../contracts/service/service-error.ts';
import type { ModelEvent, ThinkingRequest } from '../../../core/language-model.ts';
import { createTextRepetition } from '../../../core/thought-repetition.ts';
import { estimateTokens } from '../../../core/token-ledger.ts';
import { mostContinuations } from '../../families/family.ts';
import { repetition } from '../client/wire.ts';
import type { AnswerSink } from '../stream/answer-sink.ts';
import { openContinuation, openTurn } from '../stream/open-stream.ts';
import { unlessRefused } from '../stream/refusals.ts';
import { readThought, type ThoughtRun } from './read-thought.ts';
import type { AdmittedContext, Tally } from './sample-context.ts';
import { canContinueThought, forced, roomLeft, thoughtRoom } from './sample-tokens.ts';
import { createStopWatch, type StopWatch } from './stop-watch.ts';
import { createThoughtValues } from './thought-values.ts';

/** Connections that may break within one thought; each thought so far is kept. */
const mostBreaks = 2;

/** How a thought ended. `answered`: the answer came in the same stream and is in the sink; `closed`: it came and was not wanted. */
export type ThinkOutcome = {
  stop: ThinkingStop;
  thoughts: string;
  answered: boolean;
  closed: boolean;
  finishReason: string | undefined;
};

type ThinkState = {
  sample: number;
  thinking: ThinkingRequest;
  /** The thought so far. */
  thoughts: string;
  sink: AnswerSink;
  tally: Tally;
};

/**
 * Thinks up to the budget, the deadline, the caller's word, a loop or the model's own end. Tokens are counted as they arrive; at
 * the budget the connection is closed. What the server decodes between the last token that we took and the close is
 * neither seen nor counted.
 */
export async function* think(
  context: AdmittedContext,
  state: ThinkState,
): AsyncGenerator<ModelEvent, ThinkOutcome, void> {
  const { thinking, sink } = state;
  const watch = createStopWatch({ ...context, usedUp: context.budget.usedUp, deadlineAt: context.request.deadlineAt });
  let run: ThoughtRun;
  try {
    run = await beginRun(context, state, watch);
    const { values } = run;
    for (const past = { ends: 0, breaks: 0 }; ; ) {
      const minimum = canContinueThought(context) && past.ends < mostContinuations ? (thinking.minimumTokens ?? 0) : 0;
      const goesOn = yield* thinkOn(context, run, { minimum, past });
      if (run.value !== undefined) yield* insertValue(context, run);
      if (watch.stopped() !== undefined) break;
      if (goesOn) continue;
      if (!run.tooEarly) break;
      past.ends++;
      yield* insertContinuation(context, run);
    }
    // Where the thought is cut at an equals sign, its value stands before the stop-thinking sentence.
    if (!run.answered && watch.stopped() !== undefined) {
      run.value = values.pending();
      if (run.value !== undefined) yield* insertValue(context, run);
    }
  } finally {
    watch.release();
  }
  const { thoughts, answered, closed, finishReason } = run;
  return {
    stop: answered ? 'natural' : (watch.stopped() ?? endOf(finishReason)),
    thoughts,
    answered,
    closed,
    finishReason: answered || sink.visible() ? finishReason : undefined,
  };
}

function endOf(finishReason: string | undefined): ThinkingStop {
  if (finishReason === repetition) return 'loop';
  return finishReason === 'length' ? 'budget' : 'natural';
}

async function beginRun(context: AdmittedContext, state: ThinkState, watch: StopWatch): Promise<ThoughtRun> {
  const { computeTokens, ...thinking } = state.thinking;
  const computes = computeTokens !== undefined && (await canCompute(context));
  const { cap, computed } = await thoughtRoom(context, computes ? state.thinking : thinking);
  if (cap === 0) watch.stop('budget');
  return {
    sample: state.sample,
    thoughts: state.thoughts,
    sink: state.sink,
    tally: state.tally,
    watch,
    repetition: createTextRepetition(),
    values: createThoughtValues(state.thoughts, computed),
    cap,
    answered: false,
    closed: false,
    tooEarly: false,
    value: undefined,
    goesOn: false,
    finishReason: undefined,
    asked: undefined,
  };
}

/** Reads one more stream. True where the thought goes on from there without a word between. */
async function* thinkOn(
  context: AdmittedContext,
  run: ThoughtRun,
  { minimum, past }: { minimum: number; past: { ends: number; breaks: number } },
): AsyncGenerator<ModelEvent, boolean, void> {
  const { watch } = run;
  const before = run.thoughts;
  run.tooEarly = false;
  run.goesOn = false;
  // An earlier attempt may have ended right at an equals sign.
  run.value = run.values.pending();
  if (run.value !== undefined) return true;
  if (watch.stopped() !== undefined) return false;
  try {
    yield* readStream(context, run, minimum);
  } catch (error) {
    if (context.signal.aborted) throw context.signal.reason;
    const retryable = error instanceof ServiceError && error.retryable;
    const further = run.thoughts !== before;
    // After a broken connection the thought is continued, if the server can do that; between two values it may be restarting.
    const mayGoOn = (further || (run.values.on() && run.thoughts !== '')) && canContinueThought(context);
    if (retryable && !run.answered && mayGoOn && past.breaks++ < mostBreaks) return true;
    // The server turns out not to continue thoughts: the end that its model chose stands.
    const ownEnd = past.ends > 0 && !further && error instanceof ServiceError && !retryable;
    if (watch.stopped() === undefined && !ownEnd) throw error;
  }
  return run.goesOn || run.value !== undefined;
}

/** A new turn, or the thought so far continued. Where values are computed, all of it is continued as raw text. */
async function* readStream(
  context: AdmittedContext,
  run: ThoughtRun,
  minimum: number,
): AsyncGenerator<ModelEvent, void, void> {
  const { sample, tally, watch, values, thoughts } = run;
  const computes = values.on() && !context.refusals.has('raw');
  const stops = computes && !context.refusals.has('stop') ? values.stops() : [];
  const budgetTokens = Math.min(context.budget.left, run.cap - tally.thinkingTokens);
  const maxTokens = Math.min(roomLeft(context, tally), budgetTokens + context.request.answer.maxTokens);
  const options = { sample, maxTokens, answerOnly: false, signal: watch.signal, tally };
  const turn = thoughts === '' && !computes;
  const asks = turn ? context.serverBudget.ask(budgetTokens) : undefined;
  run.asked = asks;
  const stream = turn
    ? await openTurn(context, { thinking: true, budgetTokens, serverBudget: asks }, options)
    : await openContinuation(context, { at: 'thought', thoughts, computes }, { ...options, stops, call: values.calls });
  values.called();
  yield* readThought(context, run, stream, { minimum, stops });
}

/** Whether this request's thought can be continued as raw text from its beginning on. */
async function canCompute(context: AdmittedContext): Promise<boolean> {
  const { dialect, refusals, request } = context;
  if (!dialect.continuations.includes('raw') || refusals.has('raw') || !isTextOnly(request.prompt)) return false;
  return (await unlessRefused(refusals, () => context.render({ thinking: true }))) !== undefined;
}

async function* insertContinuation(context: AdmittedContext, run: ThoughtRun): AsyncGenerator<ModelEvent, void, void> {
  const text = context.family.continuation;
  run.thoughts += text;
  run.values.add(text);
  yield await forced(context, run.tally, { sample: run.sample, text });
}

/** Inserts the value behind its equals sign, as far as its tokens are allowed. */
async function* insertValue(context: AdmittedContext, run: ThoughtRun): AsyncGenerator<ModelEvent, void, void> {
  const { value, sample, tally } = run;
  run.value = undefined;
  if (value === undefined) return;
  const tokenIds = await context.tokenise(value.text);
  const tokens = tokenIds?.length ?? estimateTokens(value.text);
  if (!run.values.insert(value.text, tokens)) return;
  run.thoughts += value.text;
  run.repetition.push(value.text);
  tally.forcedTokens += tokens;
  yield { type: 'thinking-delta', sample, ...value, tokenIds: tokenIds ?? [], logprobs: [], forced: true };
}
