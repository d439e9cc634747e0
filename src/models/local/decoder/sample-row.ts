import type { ThinkingStop } from '../../../contracts/responses/reasoning.ts';
import {
  type FinishReason,
  type GenerateRequest,
  type ModelEvent,
  mayCallTools,
} from '../../../core/language-model.ts';
import type { LoopBreaker } from '../../../core/loop-breaker.ts';
import type { ThinkingBudget } from '../../../core/token-ledger.ts';
import type { GrammarMatcher } from '../../../grammar/grammar-matcher.ts';
import { createTextStream } from '../../text-stream.ts';
import type { ModelFolder } from '../folder/model-folder.ts';
import type { SampledToken, Sampler } from '../sampler.ts';
import type { RawDistribution } from '../sampler-softmax.ts';
import { computedValue } from './computed-value.ts';
import type { RowDriver } from './sequence.ts';
import { createRowAnswer, createRowScores } from './sequence-answer.ts';
import { type RowPrompt, rowLimits } from './sequence-limits.ts';
import { createThoughtLines } from './thought-lines.ts';
import { createAnswerMask, type RowBans } from './token-masks.ts';

export type SampleRowOptions = {
  model: Pick<ModelFolder, 'family' | 'tokenizer' | 'tokens' | 'vocabularySize'>;
  request: GenerateRequest;
  sample: number;
  prompt: RowPrompt;
  /** Prompt, thoughts and answer together at most. Tokens. */
  contextLength: number;
  sampler: Sampler;
  bans: RowBans;
  matcher?: GrammarMatcher | undefined;
  loopBreaker: LoopBreaker;
  /** Thinking tokens that all samples of the request share. */
  budget: ThinkingBudget;
  /** Why thinking has to end now, if it has to. */
  interrupted(): 'user' | 'deadline' | undefined;
  emit(event: ModelEvent): void;
  onFinish(): void;
  onFail(error: unknown): void;
};

/** A driver that can be stopped from outside: nothing comes after it. */
export type SampleRow = RowDriver & { cancel(): void };

/**
 * One sample from its prompt to its finish: thinks by token id within budget, minimum, deadline and loop breaker, hands
 * over, and answers within its reserve. An invariant of the budget: `budget` loses one with each sampled thinking
 * token and none is sampled at 0, so all samples together never exceed it.
 *
 * Behind an equals sign in its thought the value of the line is fed, where there is one (`thinking.computeTokens`). What the
 * model would have written there is drawn first: only a second `=` or a `>` (`==`, `=>`) is kept in place of the value. So
 * nothing that was fed is ever taken back, in the cache, the ids or the events.
 */
export function createSampleRow(options: SampleRowOptions): SampleRow {
  const { model, request, sample, prompt, sampler, bans, budget, emit } = options;
  const { tokens, tokenizer, family } = model;
  const ids = [...prompt.ids];
  const history: number[] = [];
  const limits = rowLimits({ prompt, request, tokens, contextLength: options.contextLength });
  const scores = createRowScores();
  const thought = createTextStream(tokenizer);
  const answer = createRowAnswer(model, {
    sample,
    stop: request.answer.stop ?? [],
    visible: prompt.answerBegun,
    keepsBlanks: ['regex', 'choice'].includes(request.answer.constraint?.type ?? ''),
    emit,
  });
  const mask =
    options.matcher &&
    createAnswerMask(options.matcher, model, { tools: mayCallTools(request), begun: prompt.answerIds });
  const usage = { cached: 0, thinking: 0, forced: prompt.fed };
  const minimum = Math.min(request.thinking?.minimumTokens ?? 0, limits.thinking);
  let continuations = 0;
  let phase: 'thought' | 'answer' | 'finished' = prompt.thinking ? 'thought' : 'answer';
  let thinkingStop: ThinkingStop | undefined;
  const given = (request.thinking?.prefix ?? []).map(({ text }) => text).join('');
  const lines = createThoughtLines(given);
  let lineEnded = given.endsWith('\n');
  /** Tokens of computed values that may still be fed. */
  let computable = limits.computed;
  /** The thought ends in an equals sign whose value was not asked for yet. */
  let open = lines.equals;
  let behindValue = false;

  const append = (id: number) => {
    ids.push(id);
    history.push(id);
  };
  const feed = (fed: readonly number[], text: string) => {
    for (const id of fed) append(id);
    usage.forced += fed.length;
    if (fed.length > 0) emit({ type: 'thinking-delta', sample, text, tokenIds: fed, logprobs: [], forced: true });
  };
  /** True where a value was fed for the open equals sign. */
  const feedValue = (): boolean => {
    if (!open) return false;
    open = false;
    const value = computable > 0 && !lines.inCode ? computedValue(lines.line, model) : undefined;
    if (value === undefined || value.ids.length > computable) return false;
    const { ids: fed, text, expression } = value;
    computable -= fed.length;
    for (const id of fed) append(id);
    usage.forced += fed.length;
    // The stream's own state: the next token's text may depend on the one before it.
    thought.push(fed);
    lines.push(text);
    options.loopBreaker.fed(text);
    behindValue = true;
    emit({ type: 'thinking-delta', sample, text, tokenIds: fed, logprobs: [], forced: true, expression });
    return true;
  };
  /** What a half character was held back for. */
  const flush = () => {
    const held = thought.end();
    if (held !== '') emit({ type: 'thinking-delta', sample, text: held, tokenIds: [], logprobs: [], forced: false });
  };
  const endThought = (reason: ThinkingStop, fed: readonly number[], text = '') => {
    flush();
    feed(fed, text);
    thinkingStop = reason;
    phase = 'answer';
    emit({ type: 'thinking-end', sample, reason });
  };
  const handOver = (reason: ThinkingStop) => {
    feedValue();
    endThought(reason, tokens.handOver, family.handOver);
  };
  const spent = () => usage.thinking >= limits.thinking || budget.left <= 0;
  const finish = (reason: FinishReason) => {
    phase = 'finished';
    emit({
      type: 'finish',
      sample,
      reason,
      ...(answer.stopText !== undefined && { stopText: answer.stopText }),
      ...(thinkingStop && { thinkingStop }),
      usage: {
        inputTokens: prompt.inputTokens,
        cachedTokens: Math.min(usage.cached, prompt.own),
        thinkingTokens: usage.thinking,
        forcedTokens: usage.forced,
        answerTokens: answer.tokens,
      },
      scores: scores.result(),
    });
    options.onFinish();
  };
  /** A family without tags closes its thought by a marker at the start of a line. */
  const marker =
    tokens.close === undefined && family.answerMarker !== undefined
      ? new RegExp(`^[*# ]*${family.answerMarker}`, 'm')
      : undefined;
  /** `before`: the last line as it was without the new text. */
  const markerReached = (before: string, text: string): boolean => marker?.test(before + text) ?? false;
  const naturalEnd = (token: number) => {
    if (usage.thinking < minimum && continuations < limits.continuations) {
      continuations += 1;
      flush();
      feed(tokens.continuation, family.continuation);
      lines.push(family.continuation);
      open = lines.equals;
      lineEnded = family.continuation.endsWith('\n');
    } else if (token === tokens.close) {
      append(token);
      endThought('natural', tokens.afterThought);
    } else endThought('natural', lineEnded ? tokens.closingAfterLine : tokens.closing);
  };
  const onThought = (logits: Float32Array, raw?: RawDistribution) => {
    const interrupted = options.interrupted();
    if (interrupted || spent()) return handOver(interrupted ?? 'budget');
    const banned = behindValue ? bans.thoughtBehindValue : bans.thought;
    const sampled = sampler.next(logits, { raw, history, promptTokens: prompt.ids, banned });
    const { token } = sampled;
    behindValue = false;
    if (!/^[=>]/.test(open ? tokenizer.textOf(token) : '') && feedValue()) return;
    if (token === tokens.close || tokens.end.has(token)) return naturalEnd(token);
    append(token);
    usage.thinking += 1;
    budget.take(1);
    scores.add('thinking', sampled);
    const text = thought.push([token]);
    const before = lines.line;
    lines.push(text);
    open = text.endsWith('=') && lines.equals;
    lineEnded = text.endsWith('\n');
    emit({ type: 'thinking-delta', sample, text, tokenIds: [token], logprobs: [sampled.logprob], forced: false });
    if (markerReached(before, text)) {
      endThought('natural', tokens.afterThought);
    } else if (options.loopBreaker.push(token, text)) handOver('loop');
    // At once, so that the hand-over is computed together with the last thought.
    else if (spent()) handOver('budget');
  };
  const onAnswer = (logits: Float32Array, raw?: RawDistribution) => {
    const sampled = sampleAnswer(logits, raw);
    const isEnd = tokens.end.has(sampled.token);
    if (!isEnd) {
      append(sampled.token);
      scores.add('answer', sampled);
    }
    const reason = answer.accept(sampled);
    mask?.accept(sampled.token);
    if (reason) finish(reason);
    else if (mask?.mustEnd()) finish(answer.finish('stop'));
    else if (answer.tokens >= limits.answer) finish(answer.finish('length'));
  };
  const sampleAnswer = (logits: Float32Array, raw?: RawDistribution): SampledToken => {
    const place = answer.place();
    const masked = place === 'tool-call' ? undefined : mask?.at(place);
    const plainBans = place === 'start' ? bans.answerStart : place === 'text' ? bans.answer : bans.toolCall;
    return sampler.next(logits, {
      raw,
      history,
      promptTokens: prompt.ids,
      ...(masked ? { mask: masked } : { banned: plainBans }),
      topLogprobs: request.answer.topLogprobs,
    });
  };

  return {
    ids,
    need: limits.need,
    get finished() {
      return phase === 'finished';
    },
    onCached(cached) {
      usage.cached = cached;
      // Before the first token: nothing to think with, or asked for the answer while the prompt was waiting.
      if (phase === 'thought' && (spent() || options.interrupted())) handOver(options.interrupted() ?? 'budget');
    },
    onLogits: (logits, raw) => (phase === 'thought' ? onThought(logits, raw) : onAnswer(logits, raw)),
    cancel() {
      phase = 'finished';
    },
    fail(error) {
      phase = 'finished';
      options.onFail(error);
    },
  };
}
