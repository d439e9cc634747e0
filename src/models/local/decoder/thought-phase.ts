import type { ThinkingStop } from '../../../contracts/responses/reasoning.ts';
import type { GenerateRequest, ModelEvent } from '../../../core/language-model.ts';
import type { ThoughtRepetition } from '../../../core/thought-repetition.ts';
import type { ThinkingBudget } from '../../../core/token-ledger.ts';
import { createTextStream, type TextStream } from '../../text-stream.ts';
import { createThoughtLines, makesAnotherSign, type ThoughtLines } from '../../thought-lines.ts';
import type { ModelFolder } from '../folder/model-folder.ts';
import type { SampledToken, Sampler } from '../sampler.ts';
import type { RawDistribution } from '../sampler-softmax.ts';
import { type ComputedValue, computedValue } from './computed-value.ts';
import type { SequenceScores } from './sequence-answer.ts';
import type { SequenceLimits, SequencePrompt } from './sequence-limits.ts';
import type { SuppressedTokens } from './token-masks.ts';

/** All ids of a sequence, and those that came after its prompt. */
export type Tape = { readonly ids: readonly number[]; readonly history: readonly number[]; append(id: number): void };

export function createTape(promptIds: readonly number[]): Tape {
  const ids = [...promptIds];
  const history: number[] = [];
  return {
    ids,
    history,
    append(id) {
      ids.push(id);
      history.push(id);
    },
  };
}

export type ThoughtOptions = {
  model: Pick<ModelFolder, 'family' | 'tokenizer' | 'tokens' | 'vocabularySize'>;
  request: GenerateRequest;
  sample: number;
  prompt: SequencePrompt;
  sampler: Sampler;
  suppressed: SuppressedTokens;
  repetition: ThoughtRepetition;
  /** Thinking tokens that all samples of the request share. */
  budget: ThinkingBudget;
  /** Why thinking must end now; undefined if it may continue. */
  interrupted(): 'user' | 'deadline' | undefined;
  emit(event: ModelEvent): void;
  limits: SequenceLimits;
  tape: Tape;
  scores: SequenceScores;
};

/** The thought of one sample, up to the beginning of its answer. */
type ThoughtPhase = {
  readonly tokens: { thinking: number; forced: number };
  /** Why it ended; undefined while it continues, and if there is no thought. */
  readonly stop: ThinkingStop | undefined;
  /** As `SequenceDriver.needs`. */
  readonly needs: 'all' | readonly number[];
  /** As `SequenceDriver.expects`. */
  readonly expects: readonly number[] | undefined;
  /** Before the first token: ends at once without a budget, or if the answer was requested in the meantime. */
  begin(): void;
  /** Takes the logits after the last id. */
  take(logits: Float32Array, raw?: RawDistribution): void;
};

type Thought = ThoughtOptions & {
  count: { thinking: number; forced: number };
  stop: ThinkingStop | undefined;
  text: TextStream;
  lines: ThoughtLines;
  lineEnded: boolean;
  /** How many times a premature end was replaced. */
  continuations: number;
  minimum: number;
  /** Tokens of computed values that may still be inserted. */
  computable: number;
  /** The thought ends in an equals sign whose value has not been computed yet. */
  open: boolean;
  /** The value of the open equals sign, once it has been looked for. */
  value: { found: ComputedValue | undefined } | undefined;
  /** The last token is that of a computed value. */
  behindValue: boolean;
  /** How a model family without tags begins its answer; undefined for one with tags. */
  marker: RegExp | undefined;
};

export function createThoughtPhase(options: ThoughtOptions): ThoughtPhase {
  const { model, request, limits, prompt } = options;
  const { tokens, family } = model;
  const given = (request.thinking?.prefix ?? []).map(({ text }) => text).join('');
  const lines = createThoughtLines(given);
  const hasMarker = tokens.close === undefined && family.answerMarker !== undefined;
  const thought: Thought = {
    ...options,
    count: { thinking: 0, forced: prompt.fed },
    stop: undefined,
    text: createTextStream(model.tokenizer),
    lines,
    lineEnded: given.endsWith('\n'),
    continuations: 0,
    minimum: Math.min(request.thinking?.minimumTokens ?? 0, limits.thinking),
    computable: limits.computed,
    open: lines.equals,
    value: undefined,
    behindValue: false,
    marker: hasMarker ? new RegExp(`^[*# ]*${family.answerMarker}`, 'm') : undefined,
  };
  return {
    tokens: thought.count,
    get stop() {
      return thought.stop;
    },
    get needs() {
      // Behind a value all digits are suppressed, which may be the likeliest tokens together.
      return thought.behindValue ? 'all' : options.sampler.needs;
    },
    get expects() {
      return openValue(thought)?.ids;
    },
    begin() {
      const reason = options.interrupted();
      if (reason || isUsedUp(thought)) handOver(thought, reason ?? 'budget');
    },
    take: (logits, raw) => takeToken(thought, logits, raw),
  };
}

function isUsedUp({ count, limits, budget }: Thought): boolean {
  return count.thinking >= limits.thinking || budget.left <= 0;
}

function takeToken(thought: Thought, logits: Float32Array, raw: RawDistribution | undefined): void {
  const { suppressed, sampler, tape, prompt, model, behindValue, open } = thought;
  const interrupted = thought.interrupted();
  if (interrupted || isUsedUp(thought)) {
    handOver(thought, interrupted ?? 'budget');
    return;
  }
  const list = behindValue ? suppressed.thoughtBehindValue : suppressed.thought;
  const sampled = sampler.next(logits, { raw, history: tape.history, promptTokens: prompt.ids, suppressed: list });
  thought.behindValue = false;
  // A second `=` or a `>` makes it another operator, which has no value.
  if (open && !makesAnotherSign(model.tokenizer.textOf(sampled.token)) && insertValue(thought)) return;
  if (sampled.token === model.tokens.close || model.tokens.end.has(sampled.token)) endNaturally(thought, sampled.token);
  else keepToken(thought, sampled);
}

function keepToken(thought: Thought, sampled: SampledToken): void {
  const { lines, emit, sample, count } = thought;
  const { token, logprob } = sampled;
  thought.tape.append(token);
  count.thinking += 1;
  thought.budget.take(1);
  thought.scores.add('thinking', sampled);
  const text = thought.text.push([token]);
  const before = lines.line;
  lines.push(text);
  thought.open = text.endsWith('=') && lines.equals;
  thought.value = undefined;
  thought.lineEnded = text.endsWith('\n');
  emit({ type: 'thinking-delta', sample, text, tokenIds: [token], logprobs: [logprob], forced: false });
  if (thought.marker?.test(before + text)) {
    if (!isContinued(thought)) end(thought, 'natural', thought.model.tokens.afterThought);
  } else if (thought.repetition.push(token, text)) handOver(thought, 'loop');
  // Ends at once, so that the stop-thinking sentence is computed together with the last thought token.
  else if (isUsedUp(thought)) handOver(thought, 'budget');
}

/** The model ends its thought; before the minimum, a continuation word replaces the end. */
function endNaturally(thought: Thought, token: number): void {
  const { tokens } = thought.model;
  if (isContinued(thought)) return;
  if (token === tokens.close) {
    thought.tape.append(token);
    end(thought, 'natural', tokens.afterThought);
  } else end(thought, 'natural', thought.lineEnded ? tokens.closingAfterLine : tokens.closing);
}

/** True if the thought has not reached its minimum: a continuation word was inserted. */
function isContinued(thought: Thought): boolean {
  const { model, limits, lines } = thought;
  if (thought.count.thinking >= thought.minimum || thought.continuations >= limits.continuations) return false;
  const { tokens, family } = model;
  thought.continuations += 1;
  flush(thought);
  insert(thought, tokens.continuation, family.continuation);
  lines.push(family.continuation);
  thought.open = lines.equals;
  thought.value = undefined;
  thought.lineEnded = family.continuation.endsWith('\n');
  return true;
}

/** Ends a thought that would continue, with the family's stop-thinking sentence. */
function handOver(thought: Thought, reason: ThinkingStop): void {
  insertValue(thought);
  end(thought, reason, thought.model.tokens.handOver, thought.model.family.handOver);
}

function end(thought: Thought, reason: ThinkingStop, inserted: readonly number[], text = ''): void {
  flush(thought);
  insert(thought, inserted, text);
  thought.stop = reason;
  thought.emit({ type: 'thinking-end', sample: thought.sample, reason });
}

/** Emits text that was held back because it ended in an incomplete character. */
function flush({ text, emit, sample }: Thought): void {
  const held = text.end();
  if (held !== '') emit({ type: 'thinking-delta', sample, text: held, tokenIds: [], logprobs: [], forced: false });
}

function insert({ tape, count, emit, sample }: Thought, ids: readonly number[], text: string): void {
  for (const id of ids) tape.append(id);
  count.forced += ids.length;
  if (ids.length > 0) emit({ type: 'thinking-delta', sample, text, tokenIds: ids, logprobs: [], forced: true });
}

/** What may be inserted after the open equals sign. */
function openValue(thought: Thought): ComputedValue | undefined {
  const { open, lines, computable, model } = thought;
  if (!open || computable === 0) return undefined;
  thought.value ??= { found: computedValue(lines, model) };
  const { found } = thought.value;
  return found && found.ids.length <= computable ? found : undefined;
}

/** True if a value was inserted after the open equals sign. */
function insertValue(thought: Thought): boolean {
  const value = openValue(thought);
  thought.open = false;
  if (value === undefined) return false;
  const { lines, tape, count, repetition, emit, sample } = thought;
  const { ids, text, expression } = value;
  thought.computable -= ids.length;
  for (const id of ids) tape.append(id);
  count.forced += ids.length;
  // The text of the next token may depend on the one before it, so the stream takes these as well.
  thought.text.push(ids);
  lines.push(text);
  repetition.fed(text);
  thought.behindValue = true;
  emit({ type: 'thinking-delta', sample, text, tokenIds: ids, logprobs: [], forced: true, expression });
  return true;
}
