import type { ModelEvent } from '../../../core/language-model.ts';
import type { createTextRepetition } from '../../../core/thought-repetition.ts';
import { createTokenMeter } from '../../../core/token-counts.ts';
import { tokensOfPiece } from '../../../core/token-ledger.ts';
import type { FoundValue } from '../../thought-lines.ts';
import { countedChunk, type Delta, isCut } from '../client/wire.ts';
import type { AnswerSink } from '../stream/answer-sink.ts';
import { createDeltaSplitter, noTokens, type Piece } from '../stream/delta-splitter.ts';
import type { OpenStream } from '../stream/open-stream.ts';
import type { AdmittedContext, Tally } from './sample-context.ts';
import { reconcile } from './sample-tokens.ts';
import type { StopWatch } from './stop-watch.ts';
import type { ThoughtValues } from './thought-values.ts';

/** One sample's thought over all of its calls. */
export type ThoughtRun = {
  sample: number;
  /** The thought so far. */
  thoughts: string;
  sink: AnswerSink;
  tally: Tally;
  watch: StopWatch;
  repetition: ReturnType<typeof createTextRepetition>;
  values: ThoughtValues;
  /** The most thinking tokens of this sample. */
  cap: number;
  /** The answer came in the same stream and is in the sink. */
  answered: boolean;
  /** The model ended its thought, and the answer of that stream was not wanted. */
  closed: boolean;
  /** The model ended its thought before the minimum. */
  tooEarly: boolean;
  /** The stream was left at an equals sign: this follows it. */
  value: FoundValue | undefined;
  /** The server stopped at a stop text of ours: the thought goes on from there. */
  goesOn: boolean;
  finishReason: string | undefined;
  /** Thinking tokens that the server was asked to end this stream's thought at. */
  asked: number | undefined;
};

/** One stream of a thought while it is read. */
type Reading = {
  context: AdmittedContext;
  run: ThoughtRun;
  minimum: number;
  /** Texts that the server was asked to stop at. */
  stops: readonly string[];
  before: { thinking: number; answer: number };
  end: StreamEnd;
};

/** How a stream ends: its text and its last tokens, in which a stop text is that the server left out. */
type StreamEnd = Pick<Delta, 'stopText'> & {
  text: string;
  /** Texts of the last tokens that the server listed. */
  listed: string[];
  id: number | undefined;
  /** The text that came with the last token. */
  lastText: string;
};

/** Reads one stream of a thought: up to a value, a stop text, the thought's end, or the end of the answer behind it. */
export async function* readThought(
  context: AdmittedContext,
  run: ThoughtRun,
  { deltas, reasoningStart, learn }: OpenStream,
  { minimum, stops }: Pick<Reading, 'minimum' | 'stops'>,
): AsyncGenerator<ModelEvent, void, void> {
  const { sink, tally, watch } = run;
  const splitter = createDeltaSplitter(context.family, reasoningStart, learn);
  const meter = createTokenMeter();
  const before = { thinking: tally.thinkingTokens, answer: sink.tokens() };
  const end: StreamEnd = { text: '', listed: [], id: undefined, lastText: '', stopText: undefined };
  const reading: Reading = { context, run, minimum, stops, before, end };
  run.finishReason = undefined;
  for await (const delta of deltas) {
    const tokens = meter.count(countedChunk(delta));
    run.finishReason = delta.finishReason ?? run.finishReason;
    noteEnd(end, delta);
    if (delta.toolCalls.length > 0) {
      if (!(yield* endThought(reading))) return;
      sink.pushToolCalls(delta.toolCalls, tokens);
    } else {
      for (const piece of splitter.push(delta, tokens)) if (yield* takePiece(reading, piece)) return;
    }
    // Where the stream is whole, the server's own figures correct our estimate.
    reconcile({ meter, delta, tally, sink, before, cap: run.cap, budget: context.budget });
  }
  for (const piece of splitter.end({ cut: isCut(run.finishReason) })) {
    if (yield* takePiece(reading, piece)) return;
  }
  if (run.answered || watch.stopped() !== undefined) return;
  if ((yield* takeStop(reading)) || watch.stopped() !== undefined || endedByServer(reading)) return;
  // It ended within the thought, or right after it.
  run.value = run.values.pending();
  run.tooEarly = run.value === undefined && !isCut(run.finishReason) && tally.thinkingTokens < minimum;
}

/** True where this stream is done with. */
function* takePiece(reading: Reading, piece: Piece): Generator<ModelEvent, boolean, void> {
  const { run } = reading;
  const blank = piece.text.trim() === '';
  // The tags, and what a template writes around them, are no part of thought or answer.
  if (blank && !run.answered && (piece.kind === 'answer' || run.thoughts === ''))
    return run.watch.stopped() !== undefined;
  if (piece.kind === 'thinking') return yield* takeThought(reading, piece);
  const first = !run.answered;
  if (!(yield* endThought(reading))) return true;
  const { events, full } = run.sink.push(first ? withoutTag(piece) : piece);
  yield* events;
  return full;
}

function* takeThought(reading: Reading, whole: Piece): Generator<ModelEvent, boolean, void> {
  const { context, run } = reading;
  const { sample, tally, watch, values } = run;
  const { serverBudget, budget } = context;
  if (run.answered || whole.text === '') return false;
  if (watch.stopped() !== undefined) return true;
  const { text: kept, value } = values.take(run.thoughts === '' ? whole.text.trimStart() : whole.text);
  const piece = value === undefined ? whole : startOf(whole, kept.length);
  run.value = value;
  if (tally.thinkingTokens + piece.tokens > run.cap || !budget.take(piece.tokens)) {
    serverBudget.reached(run.asked, ownTokens(reading) + piece.tokens);
    watch.stop('budget');
    return true;
  }
  tally.thinkingTokens += piece.tokens;
  if (kept !== '') {
    run.thoughts += kept;
    const logprobs = piece.logprobs.map(({ logprob }) => logprob);
    tally.thinkingLogprobs.sum += logprobs.reduce((sum, one) => sum + one, 0);
    tally.thinkingLogprobs.count += logprobs.length;
    yield { type: 'thinking-delta', sample, text: kept, tokenIds: piece.tokenIds, logprobs, forced: false };
  }
  if (run.repetition.push(kept)) watch.stop('loop');
  serverBudget.reached(run.asked, ownTokens(reading));
  if (tally.thinkingTokens >= run.cap) watch.stop('budget');
  return value !== undefined || watch.stopped() !== undefined;
}

/** The model has ended its thought. False where the answer isn't wanted from this stream. */
function* endThought(reading: Reading): Generator<ModelEvent, boolean, void> {
  const { context, run, stops, minimum } = reading;
  if (run.answered) return true;
  run.value = run.values.pending();
  if (run.value !== undefined || endedByServer(reading)) return false;
  run.tooEarly = run.tally.thinkingTokens < minimum;
  // A form can be enforced only where the answer has a request of its own; and ours would stop the answer, too.
  run.closed = !run.tooEarly && stops.length > 0;
  if (run.closed || run.tooEarly || context.request.answer.constraint !== undefined) return false;
  run.answered = true;
  run.watch.release();
  yield { type: 'thinking-end', sample: run.sample, reason: 'natural' };
  return true;
}

/** The server's own budget has ended the thought. Our stop-thinking sentence still follows, which the server doesn't know. */
function endedByServer(reading: Reading): boolean {
  const { context, run } = reading;
  if (!context.serverBudget.ended(run.asked, ownTokens(reading))) return false;
  run.watch.stop('budget');
  return true;
}

/** Thinking tokens of this stream. */
const ownTokens = ({ run, before }: Reading): number => run.tally.thinkingTokens - before.thinking;

/**
 * The server ended the stream: takes what it left out of its text where that was at a stop text of ours. False where the
 * thought's own end is there.
 */
async function* takeStop(reading: Reading): AsyncGenerator<ModelEvent, boolean, void> {
  const { context, run, stops, end } = reading;
  if (stops.length === 0 || run.finishReason !== 'stop') return false;
  const rest = await leftOut(reading);
  if (rest === undefined) return false;
  if (rest === 'unknown') {
    // Behind its own end the model ends again; behind a stop text it writes that again, and is left there.
    context.refusals.add('stop');
    run.goesOn = true;
    return true;
  }
  const uncounted = end.lastText === '';
  const tokenIds = uncounted && end.id !== undefined ? [end.id] : [];
  const piece: Piece = { kind: 'thinking', text: rest.text, ...noTokens, tokens: uncounted ? 1 : 0, tokenIds };
  if (yield* takeThought(reading, piece)) return true;
  run.value = run.values.pending();
  run.goesOn = run.value === undefined;
  return true;
}

/**
 * The text that the server left out at a stop text: all that its last token has from there on, such as `==`. Undefined where
 * the model ended by itself, `unknown` where nothing tells the two apart.
 */
async function leftOut({ context, stops, end }: Reading): Promise<{ text: string } | 'unknown' | undefined> {
  const { stopText, listed, id, text } = end;
  if (stopText === null) return undefined;
  const last = listed.at(-1);
  const tail = listed.join('');
  const endsIn = (stop: string) => tail.indexOf(stop, tail.length - (last ?? '').length - stop.length + 1) >= 0;
  const stop = stops.find((one) => one === stopText) ?? stops.find(endsIn);
  if (stop === undefined) return stopText === undefined && last === undefined ? 'unknown' : undefined;
  // Servers may list the token as they cut it; its id is whole.
  const named = (id === undefined ? undefined : await context.tokenText(id)) ?? last;
  const at = named?.indexOf(stop) ?? -1;
  const whole = named === undefined || at < 0 ? stop : named.slice(at);
  // Some servers leave the stop text in.
  return { text: text.endsWith(stop) ? whole.slice(stop.length) : whole };
}

function noteEnd(end: StreamEnd, delta: Delta): void {
  const text = delta.reasoning + delta.content;
  end.text = (end.text + text).slice(-keptText);
  end.listed = [...end.listed, ...delta.logprobs.map(({ token }) => token)].slice(-keptTokens);
  end.id = delta.tokenIds.at(-1) ?? end.id;
  if (text !== '' || delta.tokenIds.length > 0 || delta.logprobs.length > 0) end.lastText = text;
  if (delta.stopText !== undefined) end.stopText = delta.stopText;
}

/** More than the longest stop text, in characters and in tokens. */
const keptText = 16;
const keptTokens = 4;

/** The first so many characters of a piece, with their share of its tokens. */
function startOf(piece: Piece, length: number): Piece {
  const text = piece.text.slice(0, length);
  const share = piece.text.length === 0 ? 0 : Math.ceil((piece.tokens * length) / piece.text.length);
  const tokens = Math.min(piece.tokens, share);
  return {
    ...piece,
    text,
    tokens,
    tokenIds: piece.tokenIds.slice(0, tokens),
    logprobs: piece.logprobs.slice(0, tokens),
  };
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
