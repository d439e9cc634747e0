import type { ThinkingRequest } from '../../../core/language-model.ts';
import { mostContinuations } from '../../families/most-continuations.ts';
import { answerTurn } from '../stream/answer-turn.ts';
import type { SampleContext, Tally } from './sample-context.ts';
import { estimateTokens } from './token-meter.ts';

/** Tokens that tags, and a template around a turn of its own, come to at most. */
const markup = 8;

/** Whether a thought can be gone on with, by what its server has and has not refused. */
export function goesOn({ dialect, refusals }: Pick<SampleContext, 'dialect' | 'refusals'>): boolean {
  return dialect.continuations.some((way) => way !== 'turn' && !refusals.has(way));
}

/** Tokens of the context that are left to a sample, after what it has thought and was fed. */
export function roomLeft(context: SampleContext, tally: Tally): number {
  const { config, room } = context;
  const { inputTokens, fedInPrompt, thinkingTokens, forcedTokens } = tally;
  // What the server says of the prompt stands above our estimate.
  const known = inputTokens === undefined ? room : Math.min(room, config.contextLength - inputTokens - fedInPrompt);
  return known - thinkingTokens - (forcedTokens - fedInPrompt);
}

/** Tokens that stand between a thought, with its hand-over, and the answer. */
export function closingTokens(context: SampleContext): number {
  return markup + (goesOn(context) ? 0 : estimateTokens(answerTurn));
}

/**
 * The most tokens that one sample may think, so that the answer's reserve has its place after the thought and all that is
 * fed. The server's tokenizer is asked only where it matters.
 */
export async function thoughtRoom(context: SampleContext, thinking: ThinkingRequest): Promise<number> {
  const { family, purse, request, room } = context;
  const limit = thinking.perSampleTokens ?? Number.POSITIVE_INFINITY;
  const { maxTokens, reserve = maxTokens } = request.answer;
  const free = room - reserve - closingTokens(context);
  const words = thinking.minimumTokens && goesOn(context) ? mostContinuations : 0;
  const estimate = estimateTokens(family.handOver) + words * estimateTokens(family.continuation);
  if (Math.min(limit, purse.remaining()) + 2 * estimate <= free) return limit;
  const exact = async (text: string) => (await context.tokenise(text))?.length ?? estimateTokens(text);
  const fed = (await exact(family.handOver)) + (words === 0 ? 0 : words * (await exact(family.continuation)));
  return Math.max(0, Math.min(limit, free - fed));
}
