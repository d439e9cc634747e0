import { type FinishReason, mayCallTools } from '../../../core/language-model.ts';
import type { GrammarMatcher } from '../../../grammar/grammar-matcher.ts';
import type { SampledToken } from '../sampler.ts';
import type { RawDistribution } from '../sampler-softmax.ts';
import type { SequenceDriver } from './sequence.ts';
import { createSequenceAnswer, createSequenceScores, type SequenceScores } from './sequence-answer.ts';
import { type SequenceLimits, sequenceLimits } from './sequence-limits.ts';
import { createTape, createThoughtPhase, type Tape, type ThoughtOptions } from './thought-phase.ts';
import { createAnswerMask } from './token-masks.ts';

export type SampleSequenceOptions = Omit<ThoughtOptions, 'limits' | 'tape' | 'scores'> & {
  /** Prompt, thoughts and answer together at most. Tokens. */
  contextLength: number;
  matcher?: GrammarMatcher | undefined;
  onFinish(): void;
  onFail(error: unknown): void;
};

/** A driver that can be stopped from outside; it emits nothing afterwards. */
export type SampleSequence = SequenceDriver & { cancel(): void };

/**
 * One sample from its prompt to its finish: it thinks within the limits of budget, minimum, deadline and repetition, then
 * answers within its reserve. Invariant: each sampled thinking token takes one from `budget`, and none is sampled at 0, so all
 * samples together never exceed it.
 *
 * After an equals sign in its thought, the value of the line is inserted, if it has one (`thinking.computeTokens`). The
 * model's own next token is sampled first: a second `=` or a `>` (`==`, `=>`) is kept instead of the value. Therefore an
 * inserted token never has to be removed from the cache, the ids or the events.
 */
export function createSampleSequence(options: SampleSequenceOptions): SampleSequence {
  const { model, request, sample, prompt, emit } = options;
  const limits = sequenceLimits({ prompt, request, tokens: model.tokens, contextLength: options.contextLength });
  const parts = { ...options, limits, tape: createTape(prompt.ids), scores: createSequenceScores() };
  const thought = createThoughtPhase(parts);
  const answer = createAnswerPhase(parts);
  let cached = 0;
  let finished = false;
  const inThought = () => prompt.thinking && thought.stop === undefined;
  const finish = (reason: FinishReason) => {
    finished = true;
    const stopText = answer.stopText();
    emit({
      type: 'finish',
      sample,
      reason,
      ...(stopText !== undefined && { stopText }),
      ...(thought.stop && { thinkingStop: thought.stop }),
      usage: {
        inputTokens: prompt.inputTokens,
        cachedTokens: Math.min(cached, prompt.own),
        thinkingTokens: thought.tokens.thinking,
        forcedTokens: thought.tokens.forced,
        answerTokens: answer.tokens(),
      },
      scores: parts.scores.result(),
    });
    options.onFinish();
  };
  return {
    ids: parts.tape.ids,
    need: limits.need,
    get finished() {
      return finished;
    },
    get needs() {
      return inThought() ? thought.needs : answer.needs();
    },
    get expects() {
      return inThought() ? thought.expects : undefined;
    },
    onCached(tokens) {
      cached = tokens;
      if (inThought()) thought.begin();
    },
    onLogits(logits, raw) {
      if (inThought()) return thought.take(logits, raw);
      const reason = answer.take(logits, raw);
      if (reason) finish(reason);
    },
    cancel() {
      finished = true;
    },
    fail(error) {
      finished = true;
      options.onFail(error);
    },
  };
}

/** The answer of one sample. */
type AnswerPhase = {
  /** Takes the logits after the last id. @returns the reason once the answer has ended */
  take(logits: Float32Array, raw?: RawDistribution): FinishReason | undefined;
  tokens(): number;
  /** As `SequenceDriver.needs`. */
  needs(): 'all' | readonly number[];
  stopText(): string | undefined;
};

function createAnswerPhase(
  options: SampleSequenceOptions & { limits: SequenceLimits; tape: Tape; scores: SequenceScores },
): AnswerPhase {
  const { model, request, sample, prompt, sampler, suppressed, emit, limits, tape, scores } = options;
  const answer = createSequenceAnswer(model, {
    sample,
    stop: request.answer.stop ?? [],
    visible: prompt.answerBegun,
    keepsBlanks: ['regex', 'choice'].includes(request.answer.constraint?.type ?? ''),
    emit,
  });
  const mask =
    options.matcher &&
    createAnswerMask(options.matcher, model, { tools: mayCallTools(request), begun: prompt.answerIds });
  const draw = (logits: Float32Array, raw?: RawDistribution): SampledToken => {
    const place = answer.place();
    const masked = place === 'tool-call' ? undefined : mask?.at(place);
    const mayBeSpace = answer.tokens === 0 && limits.answer > 1;
    const start = mayBeSpace ? suppressed.answerFirst : suppressed.answerStart;
    const list = place === 'start' ? start : place === 'text' ? suppressed.answer : suppressed.toolCall;
    return sampler.next(logits, {
      raw,
      history: tape.history,
      promptTokens: prompt.ids,
      ...(masked ? { mask: masked } : { suppressed: list }),
      topLogprobs: request.answer.topLogprobs,
    });
  };
  return {
    tokens: () => answer.tokens,
    // At its start ends and blanks are suppressed, which may be the likeliest tokens together.
    needs: () => (mask || answer.place() === 'start' ? 'all' : sampler.needs),
    stopText: () => answer.stopText,
    take(logits, raw) {
      const sampled = draw(logits, raw);
      if (!model.tokens.end.has(sampled.token)) {
        tape.append(sampled.token);
        scores.add('answer', sampled);
      }
      const reason = answer.accept(sampled);
      mask?.accept(sampled.token);
      if (reason) return reason;
      if (mask?.mustEnd()) return answer.finish('stop');
      return answer.tokens >= limits.answer ? answer.finish('length') : undefined;
    },
  };
}
