import type { ModelEvent, ThinkingRequest } from '../../../core/language-model.ts';
import { reconciled, type TokenMeter } from '../../../core/token-counts.ts';
import {
  computeAllowance,
  estimateTokens,
  roomForThought,
  type ThinkingBudget,
  thinkingWithin,
  tokenMargins,
} from '../../../core/token-ledger.ts';
import { mostContinuations } from '../../families/family.ts';
import type { Delta } from '../client/wire.ts';
import type { AnswerSink } from '../stream/answer-sink.ts';
import { answerTurn } from '../stream/messages.ts';
import type { SampleContext, Tally } from './sample-context.ts';

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

/**
 * Puts the server's final usage in place of what was estimated for one stream. What would take the thought beyond its cap
 * stays with the answer, so that the sum is what the server decoded.
 */
export function reconcile(parts: {
  meter: TokenMeter;
  delta: Delta;
  tally: Tally;
  sink: AnswerSink;
  before: { thinking: number; answer: number };
  cap: number;
  budget: ThinkingBudget;
}): void {
  const { meter, delta, tally, sink, before, cap, budget } = parts;
  const { decodedTokens, reasoningTokens } = delta;
  if (meter.exact() || decodedTokens === undefined || delta.reasoning !== '' || delta.content !== '') return;
  const thinking = tally.thinkingTokens - before.thinking;
  const answer = sink.tokens() - before.answer;
  const most = Math.min(Math.max(0, cap - before.thinking), thinking + budget.left);
  const exact = reconciled({ thinking, answer }, { decodedTokens, reasoningTokens }, most);
  if (exact === undefined) return;
  if (exact.thinking > thinking) budget.take(exact.thinking - thinking);
  tally.thinkingTokens = before.thinking + exact.thinking;
  sink.setTokens(before.answer + exact.answer);
}

/** Whether the server can continue a thought, by what it has refused so far. */
export function canContinueThought({ dialect, refusals }: Pick<SampleContext, 'dialect' | 'refusals'>): boolean {
  return dialect.continuations.some((way) => way !== 'turn' && !refusals.has(way));
}

/** Tokens of the context that are left to a sample after its thought and the inserted sentences. */
export function roomLeft(context: SampleContext, tally: Tally): number {
  const { config, room } = context;
  const { inputTokens, fedInPrompt, thinkingTokens, forcedTokens } = tally;
  // What the server says of the prompt stands above our estimate.
  const known = inputTokens === undefined ? room : Math.min(room, config.contextLength - inputTokens - fedInPrompt);
  return known - thinkingTokens - (forcedTokens - fedInPrompt);
}

/** Tokens between a thought, with its stop-thinking sentence, and the answer. */
export function closingTokens(context: SampleContext): number {
  return tokenMargins.markup + (canContinueThought(context) ? 0 : estimateTokens(answerTurn));
}

/**
 * The most tokens that one sample may think (`cap`), and those of its computed values, so that the answer's reserve has its place
 * after the thought and all that is inserted. The server's tokenizer is asked only where it matters.
 */
export async function thoughtRoom(
  context: SampleContext,
  thinking: ThinkingRequest,
): Promise<{ cap: number; computed: number }> {
  const { family, budget, request, room } = context;
  const limit = thinking.perSampleTokens ?? Number.POSITIVE_INFINITY;
  const closing = closingTokens(context);
  const leftBeside = (fed: number) => roomForThought(room, { answer: request.answer, inserted: closing + fed });
  const allowance = computeAllowance(thinkingWithin(Math.max(0, leftBeside(0))));
  const computed = Math.min(thinking.computeTokens ?? 0, allowance);
  const left = (fed: number) => leftBeside(fed + computed);
  const words = thinking.minimumTokens && canContinueThought(context) ? mostContinuations : 0;
  const estimate = estimateTokens(family.handOver) + words * estimateTokens(family.continuation);
  if (Math.min(limit, budget.left) <= left(2 * estimate)) return { cap: limit, computed };
  const exact = async (text: string) => (await context.tokenise(text))?.length ?? estimateTokens(text);
  const fed = (await exact(family.handOver)) + (words === 0 ? 0 : words * (await exact(family.continuation)));
  return { cap: Math.max(0, Math.min(limit, left(fed))), computed };
}
