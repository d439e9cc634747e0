import type { ThinkingStop } from '../../../contracts/responses/reasoning.ts';
import { isModelLoss } from '../../../contracts/service/service-error.ts';
import type { ModelEvent, ThoughtSegment } from '../../../core/language-model.ts';
import { createTokenMeter } from '../../../core/token-counts.ts';
import { estimateTokens } from '../../../core/token-ledger.ts';
import { countedChunk, isCut } from '../client/wire.ts';
import { type AnswerSink, createAnswerSink } from '../stream/answer-sink.ts';
import { createDeltaSplitter } from '../stream/delta-splitter.ts';
import { type ContinuationPoint, openContinuation, openTurn } from '../stream/open-stream.ts';
import { type AdmittedContext, newTally, type SampleContext, type Tally } from './sample-context.ts';
import { closingTokens, forced, reconcile, roomLeft } from './sample-tokens.ts';
import { type ThinkOutcome, think } from './think.ts';

/**
 * One sample from its thought to its `finish`. Where the others are kept (`faults`), a stream that broke gives a `finish` too, with
 * what it decoded. @throws what the client throws, and `signal.reason`
 */
export async function* runSample(context: AdmittedContext, sample: number): AsyncGenerator<ModelEvent, void, void> {
  const sink = createAnswerSink(sample, context.request.answer, answerEnds(context));
  const tally = newTally();
  try {
    yield* runWhole(context, { sample, sink, tally });
  } catch (error) {
    if (context.faults === undefined || context.signal.aborted || !isModelLoss(error)) throw error;
    context.faults.push(error);
    yield { ...finishOf(context, { sample, sink, tally }), reason: 'fault' };
  }
}

type SampleParts = { sample: number; sink: AnswerSink; tally: Tally };

async function* runWhole(
  context: AdmittedContext,
  { sample, sink, tally }: SampleParts,
): AsyncGenerator<ModelEvent, void, void> {
  const { request, budget } = context;
  const answer = begunAnswer(context);
  const kept = textOf(request.thinking?.prefix);
  const fed = textOf(request.thinking?.prefix?.filter((segment) => segment.fed));
  tally.fedInPrompt = fed === '' ? 0 : ((await context.tokenise(fed))?.length ?? estimateTokens(fed));
  tally.forcedTokens = tally.fedInPrompt;
  let outcome: ThinkOutcome = {
    stop: 'natural',
    thoughts: kept,
    answered: false,
    closed: false,
    finishReason: undefined,
  };
  let thinkingStop: ThinkingStop | undefined;
  const begun = textOf(request.answer.prefix) !== '' || request.thinking?.ended === true;
  const wants = request.thinking !== undefined && !begun && (budget.left > 0 || kept !== '');
  if (request.thinking !== undefined && wants) {
    outcome = yield* think(context, { sample, thinking: request.thinking, thoughts: kept, sink, tally });
    thinkingStop = outcome.stop;
  }
  let { finishReason } = outcome;
  if (!outcome.answered) {
    const point = yield* handOver(context, { sample, outcome, answer, thought: wants, tally });
    const second = yield* speak(context, { sample, point, sink, tally });
    finishReason = second.finishReason;
    if (!sink.visible() && second.hidden !== '') {
      // A model that thinks nevertheless has used up its answer's tokens. Its thought is closed for it; a model that can only
      // be asked to stop may think as much again.
      const thoughts = `${point.at === 'answer' ? point.thoughts : ''}${second.hidden}${context.family.handOver}`;
      await forced(context, tally, { sample, text: context.family.handOver });
      const spare = Math.max(tally.thinkingTokens, request.answer.maxTokens);
      const again: ContinuationPoint = { at: 'answer', thoughts, answer };
      const third = yield* speak(context, { sample, point: again, sink, tally, spare });
      finishReason = third.finishReason;
      if (!sink.visible() && third.hidden !== '' && !context.request.prompt.raw) {
        const closed: ContinuationPoint = { ...again, prefilled: true };
        ({ finishReason } = yield* speak(context, { sample, point: closed, sink, tally }));
      }
    }
  }
  yield* sink.end(finishReason);
  yield finishOf(context, { sample, sink, tally, finishReason, thinkingStop });
}

function finishOf(
  context: AdmittedContext,
  parts: SampleParts & { finishReason?: string | undefined; thinkingStop?: ThinkingStop | undefined },
): Extract<ModelEvent, { type: 'finish' }> {
  const { sample, sink, tally, finishReason, thinkingStop } = parts;
  const { sum, count } = tally.thinkingLogprobs;
  const answerMeanLogprob = sink.meanLogprob();
  const stopText = sink.stopText();
  return {
    type: 'finish',
    sample,
    reason: sink.reason(finishReason),
    ...(stopText !== undefined && { stopText }),
    ...(thinkingStop !== undefined && { thinkingStop }),
    usage: {
      inputTokens: tally.inputTokens ?? context.promptTokens,
      cachedTokens: tally.cachedTokens,
      thinkingTokens: tally.thinkingTokens,
      forcedTokens: tally.forcedTokens,
      answerTokens: sink.tokens(),
    },
    scores: {
      ...(count > 0 && { thinkingMeanLogprob: sum / count }),
      ...(answerMeanLogprob !== undefined && { answerMeanLogprob }),
    },
  };
}

/** Closes the thought: the family's sentence where it was cut, nothing where it had ended. Says where the answer starts. */
async function* handOver(
  context: AdmittedContext,
  parts: { sample: number; outcome: ThinkOutcome; answer: string; thought: boolean; tally: Tally },
): AsyncGenerator<ModelEvent, ContinuationPoint, void> {
  const { sample, outcome, answer, thought, tally } = parts;
  const { stop, thoughts } = outcome;
  if (!thought) return thoughts === '' ? { at: 'fast', answer } : { at: 'answer', thoughts: lineEnd(thoughts), answer };
  const cut = stop !== 'natural' && thoughts.trim() !== '';
  if (cut) {
    yield await forced(context, tally, { sample, text: context.family.handOver });
  }
  yield { type: 'thinking-end', sample, reason: stop };
  // A model that ends its thought at once has an answer to give behind the closing tag or marker.
  if (thoughts.trim() === '' && !outcome.closed) return { at: 'fast', answer };
  return { at: 'answer', thoughts: cut ? thoughts + context.family.handOver : lineEnd(thoughts), answer };
}

/** Asks for the answer alone. Thoughts that come nevertheless are counted and not shown; `spare`: extra tokens for them. */
async function* speak(
  context: AdmittedContext,
  parts: { sample: number; point: ContinuationPoint; sink: AnswerSink; tally: Tally; spare?: number },
): AsyncGenerator<ModelEvent, { finishReason: string | undefined; hidden: string }, void> {
  const { sample, point, sink, tally, spare = alwaysThinking(context) ? context.request.answer.maxTokens : 0 } = parts;
  const { request, signal, family } = context;
  const room = roomLeft(context, tally) - (point.at === 'fast' ? 0 : closingTokens(context));
  const maxTokens = Math.min(room, request.answer.maxTokens - sink.tokens() + spare);
  const options = { sample, maxTokens, answerOnly: true, signal, tally };
  const fresh = point.at === 'fast' && point.answer === '';
  const turn = fresh && !request.prompt.raw && !(await context.reasoningStarts.thinksAnyway(context));
  const { deltas, reasoningStart, learn } = turn
    ? await openTurn(context, { thinking: false }, options)
    : await openContinuation(context, point, options);
  const splitter = createDeltaSplitter(family, reasoningStart, learn);
  const meter = createTokenMeter();
  const before = { thinking: tally.thinkingTokens, answer: sink.tokens() };
  let finishReason: string | undefined;
  let hidden = '';

  function* take(pieces: ReturnType<typeof splitter.push>): Generator<ModelEvent, boolean, void> {
    for (const piece of pieces) {
      if (piece.kind === 'thinking') {
        hidden += piece.text;
        tally.thinkingTokens += piece.tokens;
        continue;
      }
      const { events, full } = sink.push(piece);
      yield* events;
      if (full) return true;
    }
    return false;
  }

  for await (const delta of deltas) {
    const tokens = meter.count(countedChunk(delta));
    finishReason = delta.finishReason ?? finishReason;
    if (delta.toolCalls.length > 0) sink.pushToolCalls(delta.toolCalls, tokens);
    else if (yield* take(splitter.push(delta, tokens))) return { finishReason, hidden };
    if (hidden === '') reconcile({ meter, delta, tally, sink, before, cap: before.thinking, budget: context.budget });
  }
  const cut = isCut(finishReason);
  // An answer may be longer than its tokens, too: where thinking is switched off, a cut text is no thought for that alone.
  yield* take(splitter.end({ cut: cut && context.reasoningStarts.mayHideThought(context) }));
  // All of it was the answer: this server begins so when it is not to think.
  if (reasoningStart === 'held' && !cut && hidden === '') learn('tagged');
  return { finishReason, hidden };
}

/** Whether thinking can't be switched off on this server: its model may think before any answer. */
export function alwaysThinking({ dialect, family }: Pick<SampleContext, 'dialect' | 'family'>): boolean {
  return dialect.thinkingSwitch === 'none' && family.tags !== undefined;
}

/**
 * The partial answer that is continued. A server would start a format again after it, so blanks are dropped, and after a
 * visible text the format is not requested (`buildRequest`), with a warning.
 */
function begunAnswer({ request: { answer }, warn }: SampleContext): string {
  const begun = textOf(answer.prefix);
  if (answer.constraint === undefined) return begun;
  if (begun.trim() === '') return '';
  warn('cannot enforce the format on a resumed answer: the rest is unconstrained');
  return begun;
}

/**
 * The family's own ends; and a model that thinks by prompt may say its answer again and again, each time behind the marker: the
 * first one stands.
 */
function answerEnds({ family, request }: SampleContext): string[] {
  const { answerMarker, answerEnds: ends = [] } = family;
  if (answerMarker === undefined || request.thinking === undefined) return [...ends];
  return [...ends, `\n${answerMarker}`, `\n**${answerMarker}`];
}

const textOf = (segments: readonly ThoughtSegment[] | undefined): string =>
  (segments ?? []).map(({ text }) => text).join('');

const lineEnd = (thoughts: string): string => (thoughts === '' || thoughts.endsWith('\n') ? thoughts : `${thoughts}\n`);
