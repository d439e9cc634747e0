import type { ThinkingStop } from '../../contracts/reasoning.ts';
import type { FinishReason, GenerateRequest, ModelEvent } from '../language-model.ts';
import type { SampledToken, Sampler } from '../sampler.ts';
import { createTextStream } from '../text-stream.ts';
import type { ModelFolder } from './model-folder.ts';
import { createRowAnswer } from './row-answer.ts';
import type { RowBans } from './row-bans.ts';
import { createRowScores } from './row-scores.ts';

/** One sample of a request, from its prompt to its finish: it says what is computed next and gives the events. */
export type Row = {
  /** Prompt and all that followed, fed or sampled. */
  readonly ids: readonly number[];
  readonly finished: boolean;
  /** Takes the logits [vocabulary] of the last id. `more`: `token` is now the last id; else ask again for `ids`. */
  onLogits(logits: Float32Array): { token: number; more: boolean };
};

export type RowOptions = {
  model: Pick<ModelFolder, 'family' | 'tokenizer' | 'tokens' | 'contextLength'>;
  request: GenerateRequest;
  sample: number;
  promptIds: readonly number[];
  /** Of these, fed ones of this call: a correction sentence behind a thought that was rolled back. */
  fedTokens: number;
  /** Whether the prompt ends within an open thought. */
  thinking: boolean;
  sampler: Sampler;
  bans: RowBans;
  /** Thinking tokens left to all samples of the request. */
  purse: { left: number };
  /** Why thinking has to end now, if it has to. */
  interrupted(): 'user' | 'deadline' | undefined;
  emit(event: ModelEvent): void;
};

export function createRow(options: RowOptions): Row {
  const { model, request, sample, sampler, bans, purse, emit } = options;
  const { tokens, tokenizer, family, contextLength } = model;
  const ids = [...options.promptIds];
  const history: number[] = [];
  const append = (id: number) => {
    ids.push(id);
    history.push(id);
  };
  const scores = createRowScores();
  const thought = createTextStream(tokenizer);
  const visible = (request.answer.prefix ?? []).some(({ text }) => text.trim() !== '');
  const answer = createRowAnswer(model, { sample, stop: request.answer.stop ?? [], visible, emit });
  const usage = { thinking: 0, forced: options.fedTokens };
  /** The answer's reserve is kept aside; what the context has beyond it is the thought's room. */
  const mostContinuations = request.thinking?.minimumTokens ? 8 : 0;
  const room =
    contextLength -
    ids.length -
    tokens.handOver.length -
    request.answer.maxTokens -
    mostContinuations * tokens.continuation.length;
  const cap = Math.min(request.thinking?.perSampleTokens ?? Number.POSITIVE_INFINITY, room);
  const minimum = request.thinking?.minimumTokens ?? 0;
  let phase: 'thought' | 'answer' | 'finished' = options.thinking ? 'thought' : 'answer';
  let thinkingStop: ThinkingStop | undefined;
  let continuations = 0;
  let plainText = '';
  let lineEnded = false;

  const feed = (fed: readonly number[], text: string) => {
    for (const id of fed) append(id);
    usage.forced += fed.length;
    if (fed.length > 0) emit({ type: 'thinking-delta', sample, text, tokenIds: fed, logprobs: [], forced: true });
  };
  const endThought = (reason: ThinkingStop, fed: readonly number[], text = '') => {
    const held = thought.end();
    if (held !== '') emit({ type: 'thinking-delta', sample, text: held, tokenIds: [], logprobs: [], forced: false });
    feed(fed, text);
    thinkingStop = reason;
    phase = 'answer';
    emit({ type: 'thinking-end', sample, reason });
  };
  const handOver = (reason: ThinkingStop) => endThought(reason, tokens.handOver, family.handOver);
  const spent = () => usage.thinking >= cap || purse.left <= 0;
  const finish = (reason: FinishReason) => {
    phase = 'finished';
    emit({
      type: 'finish',
      sample,
      reason,
      ...(thinkingStop && { thinkingStop }),
      usage: {
        inputTokens: options.promptIds.length - options.fedTokens,
        cachedTokens: 0,
        thinkingTokens: usage.thinking,
        forcedTokens: usage.forced,
        answerTokens: answer.tokens,
      },
      scores: scores.result(),
    });
  };
  /** A family without tags closes its thought by a marker at the start of a line. */
  const markerReached = (text: string): boolean => {
    if (tokens.close !== undefined || family.answerMarker === undefined) return false;
    plainText = (plainText + text).slice(-4 * family.answerMarker.length);
    return new RegExp(`(^|\\n)[*# ]*${family.answerMarker}`).test(plainText);
  };
  const naturalEnd = (sampled: SampledToken): { token: number; more: boolean } => {
    if (usage.thinking < minimum && continuations < mostContinuations) {
      continuations += 1;
      feed(tokens.continuation, family.continuation);
    } else if (sampled.token === tokens.close) {
      append(sampled.token);
      endThought('natural', tokens.afterThought);
    } else {
      endThought('natural', lineEnded ? tokens.closingAfterLine : tokens.closing);
    }
    return { token: sampled.token, more: false };
  };
  const onThought = (logits: Float32Array): { token: number; more: boolean } => {
    const interrupted = options.interrupted();
    if (interrupted || spent()) {
      handOver(interrupted ?? 'budget');
      return { token: 0, more: false };
    }
    const sampled = sampler.next(logits, { history, promptTokens: options.promptIds, banned: bans.thought });
    const { token } = sampled;
    if (token === tokens.close || tokens.end.has(token)) return naturalEnd(sampled);
    append(token);
    usage.thinking += 1;
    purse.left -= 1;
    scores.add('thinking', sampled);
    const text = thought.push([token]);
    lineEnded = text.endsWith('\n');
    emit({ type: 'thinking-delta', sample, text, tokenIds: [token], logprobs: [sampled.logprob], forced: false });
    if (markerReached(text)) {
      endThought('natural', tokens.afterThought);
      return { token, more: tokens.afterThought.length === 0 };
    }
    // At once, so that the hand-over is computed together with the last thought.
    if (spent()) handOver('budget');
    return { token, more: phase === 'thought' };
  };
  const onAnswer = (logits: Float32Array): { token: number; more: boolean } => {
    const place = answer.place();
    const banned = place === 'start' ? bans.answerStart : place === 'text' ? bans.answer : bans.toolCall;
    const topLogprobs = request.answer.topLogprobs;
    const sampled = sampler.next(logits, {
      history,
      promptTokens: options.promptIds,
      banned,
      ...(topLogprobs !== undefined && { topLogprobs }),
    });
    const isEnd = tokens.end.has(sampled.token);
    if (!isEnd) {
      append(sampled.token);
      scores.add('answer', sampled);
    }
    const reason = answer.accept(sampled);
    if (reason) finish(reason);
    else if (answer.tokens >= request.answer.maxTokens || ids.length >= contextLength) finish(answer.finish('length'));
    return { token: sampled.token, more: phase !== 'finished' };
  };

  if (phase === 'thought' && (spent() || options.interrupted())) handOver(options.interrupted() ?? 'budget');
  return {
    ids,
    get finished() {
      return phase === 'finished';
    },
    onLogits: (logits) => (phase === 'thought' ? onThought(logits) : onAnswer(logits)),
  };
}
