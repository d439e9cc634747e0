import type { ThinkingStop } from '../../../contracts/responses/reasoning.ts';
import { ServiceError } from '../../../contracts/service/service-error.ts';
import type { ModelEvent, ThinkingRequest } from '../../../core/language-model.ts';
import { createTextRepetition } from '../../../core/thought-repetition.ts';
import { createTokenMeter } from '../../../core/token-counts.ts';
import { tokensOfPiece } from '../../../core/token-ledger.ts';
import { mostContinuations } from '../../families/family.ts';
import type { Clock } from '../client/clock.ts';
import { countedChunk } from '../client/wire.ts';
import type { AnswerSink } from '../stream/answer-sink.ts';
import { createDeltaSplitter, type Piece } from '../stream/delta-splitter.ts';
import { type OpenStream, openContinuation, openTurn } from '../stream/open-stream.ts';
import type { AdmittedContext, Tally } from './sample-context.ts';
import { canContinueThought, forced, reconcile, roomLeft, thoughtRoom } from './sample-tokens.ts';

/** Ends a thought from outside: the caller wants the answer now, the deadline has come, another sample used up the budget. */
type StopWatch = {
  /** Aborts the running request when thinking has to end, and when the caller goes away. */
  signal: AbortSignal;
  stopped(): ThinkingStop | undefined;
  stop(reason: ThinkingStop): void;
  /** The thought has ended: from here on only the caller's signal counts. */
  release(): void;
};

function createStopWatch(options: {
  signal: AbortSignal;
  answerNow: AbortSignal | undefined;
  usedUp: AbortSignal;
  deadlineAt: number | undefined;
  clock: Clock;
}): StopWatch {
  const { answerNow, usedUp, deadlineAt, clock } = options;
  const controller = new AbortController();
  let reason: ThinkingStop | undefined;
  const stop = (why: ThinkingStop) => {
    if (reason !== undefined) return;
    reason = why;
    release();
    controller.abort(new Error(`thinking ends: ${why}`));
  };
  const onAnswerNow = () => stop('user');
  const onUsedUp = () => stop('budget');
  let cancelTimer: (() => void) | undefined;
  function release() {
    answerNow?.removeEventListener('abort', onAnswerNow);
    usedUp.removeEventListener('abort', onUsedUp);
    cancelTimer?.();
  }
  answerNow?.addEventListener('abort', onAnswerNow, { once: true });
  usedUp.addEventListener('abort', onUsedUp, { once: true });
  if (deadlineAt !== undefined)
    cancelTimer = clock.after(Math.max(0, deadlineAt - clock.now()), () => stop('deadline'));
  if (answerNow?.aborted) stop('user');
  else if (usedUp.aborted) stop('budget');
  else if (deadlineAt !== undefined && deadlineAt <= clock.now()) stop('deadline');
  return {
    signal: AbortSignal.any([options.signal, controller.signal]),
    stopped: () => reason,
    stop,
    release,
  };
}

/** Connections that may break within one thought; each thought so far is kept. */
const mostBreaks = 2;

/** How a thought ended. `answered`: the answer came in the same stream and is in the sink. */
export type ThinkOutcome = {
  stop: ThinkingStop;
  thoughts: string;
  answered: boolean;
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
  const { request, budget, clock, signal, answerNow, family } = context;
  const { sample, thinking, sink, tally } = state;
  const watch = createStopWatch({ signal, answerNow, usedUp: budget.usedUp, deadlineAt: request.deadlineAt, clock });
  const repetition = createTextRepetition();
  const cap = await thoughtRoom(context, thinking);
  if (cap === 0) watch.stop('budget');
  const run: Run = {
    ...state,
    watch,
    repetition,
    cap,
    answered: false,
    tooEarly: false,
    finishReason: undefined,
    asked: undefined,
  };
  try {
    for (let ends = 0, breaks = 0; ; ) {
      const minimum = canContinueThought(context) && ends < mostContinuations ? (thinking.minimumTokens ?? 0) : 0;
      const before = run.thoughts;
      run.tooEarly = false;
      try {
        if (watch.stopped() === undefined) {
          const budgetTokens = Math.min(budget.left, cap - tally.thinkingTokens);
          const maxTokens = Math.min(roomLeft(context, tally), budgetTokens + request.answer.maxTokens);
          const options = { sample, maxTokens, answerOnly: false, signal: watch.signal, tally };
          const asks = context.serverBudget.ask(budgetTokens);
          run.asked = run.thoughts === '' ? asks : undefined;
          const stream =
            run.thoughts === ''
              ? await openTurn(context, { thinking: true, budgetTokens, serverBudget: asks }, options)
              : await openContinuation(context, { at: 'thought', thoughts: run.thoughts }, options);
          yield* readThought(context, run, stream, minimum);
        }
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const retryable = error instanceof ServiceError && error.retryable;
        // After a broken connection the thought is continued, if the server can do that.
        if (
          retryable &&
          !run.answered &&
          run.thoughts !== before &&
          canContinueThought(context) &&
          breaks++ < mostBreaks
        )
          continue;
        // The server turns out not to continue thoughts: the end that its model chose stands.
        const ownEnd = ends > 0 && run.thoughts === before && error instanceof ServiceError && !retryable;
        if (watch.stopped() === undefined && !ownEnd) throw error;
      }
      if (!run.tooEarly || watch.stopped() !== undefined) break;
      ends++;
      run.thoughts += family.continuation;
      yield await forced(context, tally, { sample, text: family.continuation });
    }
  } finally {
    watch.release();
  }
  const ended = run.finishReason === 'length' && !run.answered ? 'budget' : 'natural';
  const { thoughts, answered, finishReason } = run;
  return {
    stop: answered ? 'natural' : (watch.stopped() ?? ended),
    thoughts,
    answered,
    finishReason: answered || sink.visible() ? finishReason : undefined,
  };
}

type Run = ThinkState & {
  watch: StopWatch;
  repetition: ReturnType<typeof createTextRepetition>;
  cap: number;
  answered: boolean;
  tooEarly: boolean;
  finishReason: string | undefined;
  /** Thinking tokens that the server was asked to end this stream's thought at. */
  asked: number | undefined;
};

async function* readThought(
  context: AdmittedContext,
  run: Run,
  { deltas, reasoningStart, learn }: OpenStream,
  minimum: number,
): AsyncGenerator<ModelEvent, void, void> {
  const { sample, sink, tally, watch } = run;
  const { serverBudget } = context;
  const splitter = createDeltaSplitter(context.family, reasoningStart, learn);
  const meter = createTokenMeter();
  const before = { thinking: tally.thinkingTokens, answer: sink.tokens() };
  /** Thinking tokens of this stream. */
  const own = () => tally.thinkingTokens - before.thinking;
  run.finishReason = undefined;

  /** True where this stream is done with. */
  function* take(piece: Piece): Generator<ModelEvent, boolean, void> {
    const blank = piece.text.trim() === '';
    // The tags, and what a template writes around them, are no part of thought or answer.
    if (blank && !run.answered && (piece.kind === 'answer' || run.thoughts === ''))
      return watch.stopped() !== undefined;
    if (piece.kind === 'thinking') {
      if (run.answered || piece.text === '') return false;
      if (watch.stopped() !== undefined) return true;
      if (tally.thinkingTokens + piece.tokens > run.cap || !context.budget.take(piece.tokens)) {
        serverBudget.reached(run.asked, own() + piece.tokens);
        watch.stop('budget');
        return true;
      }
      tally.thinkingTokens += piece.tokens;
      const text = run.thoughts === '' ? piece.text.trimStart() : piece.text;
      if (text !== '') {
        run.thoughts += text;
        const logprobs = piece.logprobs.map(({ logprob }) => logprob);
        tally.thinkingLogprobs.sum += logprobs.reduce((sum, value) => sum + value, 0);
        tally.thinkingLogprobs.count += logprobs.length;
        yield { type: 'thinking-delta', sample, text, tokenIds: piece.tokenIds, logprobs, forced: false };
      }
      if (run.repetition.push(text)) watch.stop('loop');
      serverBudget.reached(run.asked, own());
      if (tally.thinkingTokens >= run.cap) watch.stop('budget');
      return watch.stopped() !== undefined;
    }
    const first = !run.answered;
    if (!(yield* endThought())) return true;
    const { events, full } = sink.push(first ? withoutTag(piece) : piece);
    yield* events;
    return full;
  }

  /** The model has ended its thought. False where the answer isn't wanted from this stream. */
  function* endThought(): Generator<ModelEvent, boolean, void> {
    if (run.answered) return true;
    if (endedByServer()) return false;
    run.tooEarly = tally.thinkingTokens < minimum;
    // A form can be enforced only where the answer has a request of its own.
    if (run.tooEarly || context.request.answer.constraint !== undefined) return false;
    run.answered = true;
    watch.release();
    yield { type: 'thinking-end', sample, reason: 'natural' };
    return true;
  }

  /** The server's own budget has ended the thought. Our stop-thinking sentence still follows, which the server doesn't know. */
  function endedByServer(): boolean {
    if (!serverBudget.ended(run.asked, own())) return false;
    watch.stop('budget');
    return true;
  }

  for await (const delta of deltas) {
    const tokens = meter.count(countedChunk(delta));
    run.finishReason = delta.finishReason ?? run.finishReason;
    if (delta.toolCalls.length > 0) {
      if (!(yield* endThought())) return;
      sink.pushToolCalls(delta.toolCalls, tokens);
    } else {
      for (const piece of splitter.push(delta, tokens)) if (yield* take(piece)) return;
    }
    // Where the stream is whole, the server's own figures correct our estimate.
    reconcile({ meter, delta, tally, sink, before, cap: run.cap, budget: context.budget });
  }
  for (const piece of splitter.end({ cut: run.finishReason === 'length' })) if (yield* take(piece)) return;
  // It ended within the thought, or right after it.
  if (!run.answered && watch.stopped() === undefined && !endedByServer())
    run.tooEarly = run.finishReason !== 'length' && tally.thinkingTokens < minimum;
}

/**
 * The close tag has no text of its own: where the server counts it, it comes with the answer's first piece. That piece is
 * the whole answer where it was held back, so by its text alone it would be counted too short.
 */
function withoutTag(piece: Piece): Piece {
  const listed = Math.max(piece.logprobs.length, piece.tokenIds.length);
  const own = listed || Math.max(tokensOfPiece(piece.text), piece.tokens - 1);
  return { ...piece, tokens: Math.min(piece.tokens, own) };
}
