import type { ModelEvent } from '../../../core/language-model.ts';
import type { SampleContext, Tally } from './sample-context.ts';
import { estimateTokens } from './token-meter.ts';

/** Feeds a sentence into a thought: counts it, by the server's tokenizer where it has one, and makes its event. */
export async function forced(
  context: SampleContext,
  tally: Tally,
  fed: { sample: number; text: string },
): Promise<ModelEvent> {
  const tokenIds = await context.tokenise(fed.text);
  tally.forcedTokens += tokenIds?.length ?? estimateTokens(fed.text);
  return { type: 'thinking-delta', ...fed, tokenIds: tokenIds ?? [], logprobs: [], forced: true };
}
