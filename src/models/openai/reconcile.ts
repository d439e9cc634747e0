import type { AnswerSink } from './answer-sink.ts';
import type { Delta } from './delta.ts';
import type { Tally } from './sample-context.ts';
import type { TokenMeter } from './token-meter.ts';

/**
 * Puts the server's final usage in place of what was estimated for one stream. Never above the cap: what we took is known
 * to have been stopped there.
 */
export function reconcile(parts: {
  meter: TokenMeter;
  delta: Delta;
  tally: Tally;
  sink: AnswerSink;
  before: { thinking: number; answer: number };
  cap: number;
}): void {
  const { meter, delta, tally, sink, before, cap } = parts;
  const { decodedTokens, reasoningTokens } = delta;
  if (meter.exact() || decodedTokens === undefined || delta.reasoning !== '' || delta.content !== '') return;
  const thinking = tally.thinkingTokens - before.thinking;
  const answer = sink.tokens() - before.answer;
  if (thinking + answer === 0) return;
  const share = thinking / (thinking + answer);
  const exact = reasoningTokens || Math.round(decodedTokens * share);
  tally.thinkingTokens = before.thinking + Math.min(exact, Math.max(0, cap - before.thinking));
  sink.setTokens(before.answer + Math.max(0, decodedTokens - exact));
}
