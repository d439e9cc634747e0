import { ServiceError } from '../../../contracts/service/service-error.ts';
import type { GenerateRequest, ScoreRequest, ThoughtSegment } from '../../../core/language-model.ts';
import { shareRoom } from '../../../core/token-ledger.ts';
import { mostContinuations } from '../../families/family.ts';
import type { FamilyTokens } from '../folder/family-tokens.ts';
import type { ModelFolder } from '../folder/model-folder.ts';
import { renderPrompt, thoughtIds } from '../folder/render-prompt.ts';

type PromptModel = Pick<ModelFolder, 'family' | 'tokenizer' | 'tokens'>;

/** The ids that a request's sequences begin with, and how many of them this request inserted. */
export async function answerPrompt(model: PromptModel, request: GenerateRequest): Promise<SequencePrompt> {
  const { thinking } = request;
  const given = thinking?.prefix ?? [];
  const begun = request.answer.prefix ?? [];
  // Without a budget and a thought so far: the form without thinking, which the model knows better than an empty thought.
  const thinks = thinking !== undefined && (thinking.budgetTokens > 0 || given.length > 0);
  const segments = thinks ? given : [];
  const ids = await renderPrompt(model, request.prompt, { thinking: thinks });
  const own = request.cacheScope?.ownPrompt ? ids.length : 0;
  for (const id of await thoughtIds(model, segments)) ids.push(id);
  const fed = segments.filter((segment) => segment.fed).reduce((sum, segment) => sum + idsOf(model, segment).length, 0);
  // A partial answer follows a closed thought.
  const ended = begun.length > 0 || thinking?.ended === true;
  if (ended && thinks) ids.push(...closedThought(model, segments));
  const answerBegun = begun.some(({ text }) => text.trim() !== '');
  const answerIds = begun.flatMap((segment) => idsOf(model, segment));
  ids.push(...answerIds);
  return {
    ids,
    inputTokens: ids.length - fed,
    own,
    fed,
    thinking: thinks && !ended,
    answerBegun,
    answerIds: answerBegun ? answerIds : [],
  };
}

/** The ids after which continuations are scored: the given thoughts, closed, or an empty thought. */
export async function scorePrompt(model: PromptModel, request: ScoreRequest): Promise<number[]> {
  const thoughts = request.thinking ?? [];
  const ids = await renderPrompt(model, request.prompt, { thinking: thoughts.length > 0, prefix: thoughts });
  return thoughts.length === 0 ? ids : [...ids, ...closedThought(model, thoughts)];
}

function closedThought({ tokens }: PromptModel, thought: readonly ThoughtSegment[]): readonly number[] {
  return thought.at(-1)?.text.endsWith('\n') ? tokens.closingAfterLine : tokens.closing;
}

function idsOf({ tokenizer }: PromptModel, segment: ThoughtSegment): readonly number[] {
  return segment.tokenIds ?? tokenizer.encode(segment.text);
}

/** The beginning of a sequence. */
export type SequencePrompt = {
  /** The rendered prompt, then the thought and answer that are continued. */
  ids: readonly number[];
  /** All but the inserted ones: what earlier calls thought and answered is input to this one. */
  inputTokens: number;
  /** How many of `ids` are the rendered prompt, if the owner sent it; otherwise 0. */
  own: number;
  /** How many of `ids` this request inserted (a correction sentence). */
  fed: number;
  /** It ends within an open thought. */
  thinking: boolean;
  /** It ends within visible text of the answer. */
  answerBegun: boolean;
  /** The ids of the partial answer: a constraint applies to them too. */
  answerIds: readonly number[];
};

/** Tokens that a sequence may take. */
export type SequenceLimits = {
  /** Sampled in the thought. */
  thinking: number;
  /** Inserted as computed values in the thought. */
  computed: number;
  answer: number;
  /** How many times a premature end of the thought is replaced. */
  continuations: number;
  /** The most ids that it can have in the cache. */
  need: number;
};

/**
 * The room for a sequence, which is known before it is admitted: prompt, thought, inserted sentences and values, answer. The
 * reserve is taken from the context first, then the thought with its computed values, which get at most a fifth of the rest.
 * The answer may be cut by the end of the context if the prompt leaves less than the reserve.
 * @throws ServiceError `context_length_exceeded` if there is no room for even one token of the answer
 */
export function sequenceLimits(options: {
  prompt: Pick<SequencePrompt, 'ids' | 'inputTokens' | 'thinking'>;
  request: Pick<GenerateRequest, 'thinking' | 'answer'>;
  tokens: Pick<FamilyTokens, 'handOver' | 'closing' | 'afterThought' | 'continuation'>;
  contextLength: number;
}): SequenceLimits {
  const { prompt, request, tokens, contextLength } = options;
  const thinking = prompt.thinking ? request.thinking : undefined;
  const continuations = thinking?.minimumTokens ? mostContinuations : 0;
  const fed = thinking
    ? Math.max(tokens.handOver.length, tokens.closing.length, tokens.afterThought.length + 1) +
      continuations * tokens.continuation.length
    : 0;
  const room = contextLength - prompt.ids.length - fed;
  if (room < 1) {
    throw new ServiceError({
      code: 'context_length_exceeded',
      param: 'input',
      message: `The input takes ${prompt.ids.length + fed} tokens; the limit for input, thoughts and answer together is ${contextLength}.`,
    });
  }
  const shares = shareRoom(room, { thinking, answer: request.answer });
  const need = prompt.ids.length + fed + shares.thinking + shares.computed + shares.answer;
  return { ...shares, continuations, need };
}
