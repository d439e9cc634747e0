import type { GenerateRequest, ScoreRequest, ThoughtSegment } from '../language-model.ts';
import type { ModelFolder } from '../transformers/model-folder.ts';
import { renderPrompt } from '../transformers/render-prompt.ts';
import type { RowPrompt } from './row-limits.ts';

type PromptModel = Pick<ModelFolder, 'family' | 'tokenizer' | 'tokens'>;

/** The ids that a request's rows begin with, and what of them is the prompt proper. */
export async function answerPrompt(model: PromptModel, request: GenerateRequest): Promise<RowPrompt> {
  const { thinking } = request;
  const thought = thinking?.prefix ?? [];
  const begun = request.answer.prefix ?? [];
  // Nothing to think with and nothing thought so far: the fast form, which the model knows better than an empty thought.
  const thinks = thinking !== undefined && (thinking.budgetTokens > 0 || thought.length > 0);
  const prompt = await renderPrompt(model, request.prompt, { thinking: thinks });
  const ids = [...prompt];
  let fed = 0;
  if (thinks) {
    for (const segment of thought) {
      const segmentIds = idsOf(model, segment);
      ids.push(...segmentIds);
      if (segment.fed) fed += segmentIds.length;
    }
  }
  if (begun.length > 0) {
    if (thinks) ids.push(...closedThought(model));
    for (const segment of begun) ids.push(...idsOf(model, segment));
  }
  return {
    ids,
    inputTokens: prompt.length,
    fed,
    thinking: thinks && begun.length === 0,
    answerBegun: begun.some(({ text }) => text.trim() !== ''),
  };
}

/** The ids behind which continuations are scored: after the given thoughts, closed, or after an empty one. */
export async function scorePrompt(model: PromptModel, request: ScoreRequest): Promise<number[]> {
  const thoughts = request.thinking ?? [];
  const ids = await renderPrompt(model, request.prompt, { thinking: thoughts.length > 0 });
  if (thoughts.length === 0) return ids;
  for (const segment of thoughts) ids.push(...idsOf(model, segment));
  return [...ids, ...closedThought(model)];
}

/** As the model itself would have closed it. */
function closedThought({ tokens }: PromptModel): readonly number[] {
  return tokens.close === undefined ? tokens.closing : [tokens.close, ...tokens.afterThought];
}

function idsOf({ tokenizer }: PromptModel, segment: ThoughtSegment): readonly number[] {
  return segment.tokenIds ?? tokenizer.encode(segment.text);
}
