import type { GenerateRequest, ScoreRequest, ThoughtSegment } from '../../../core/language-model.ts';
import type { ModelFolder } from '../folder/model-folder.ts';
import { renderPrompt, thoughtIds } from '../folder/render-prompt.ts';
import type { RowPrompt } from './row-limits.ts';

type PromptModel = Pick<ModelFolder, 'family' | 'tokenizer' | 'tokens'>;

/** The ids that a request's rows begin with, and what of them was fed by this request. */
export async function answerPrompt(model: PromptModel, request: GenerateRequest): Promise<RowPrompt> {
  const { thinking } = request;
  const given = thinking?.prefix ?? [];
  const begun = request.answer.prefix ?? [];
  // Nothing to think with and nothing thought so far: the fast form, which the model knows better than an empty thought.
  const thinks = thinking !== undefined && (thinking.budgetTokens > 0 || given.length > 0);
  const segments = thinks ? given : [];
  const ids = await renderPrompt(model, request.prompt, { thinking: thinks });
  const own = request.cacheScope?.ownPrompt ? ids.length : 0;
  for (const id of await thoughtIds(model, segments)) ids.push(id);
  const fed = segments.filter((segment) => segment.fed).reduce((sum, segment) => sum + idsOf(model, segment).length, 0);
  // An answer that has begun stands behind a closed thought.
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

/** The ids behind which continuations are scored: after the given thoughts, closed, or after an empty one. */
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
