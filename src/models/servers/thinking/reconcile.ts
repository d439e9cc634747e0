import type { Delta } from '../client/delta.ts';
import type { AnswerSink } from '../stream/answer-sink.ts';
import type { Purse } from './purse.ts';
import type { Tally } from './sample-context.ts';
import type { TokenMeter } from './token-meter.ts';

/** Open tag, close tag and end of turn. */
const controlTokens = 3;

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
  purse: Purse;
}): void {
  const { meter, delta, tally, sink, before, cap, purse } = parts;
  const { decodedTokens, reasoningTokens } = delta;
  if (meter.exact() || decodedTokens === undefined || delta.reasoning !== '' || delta.content !== '') return;
  const thinking = tally.thinkingTokens - before.thinking;
  const answer = sink.tokens() - before.answer;
  if (thinking + answer === 0) return;
  // Tags and the end are tokens without text: so small a difference says that nothing was miscounted.
  const missed = decodedTokens - thinking - answer;
  if (missed >= 0 && missed <= controlTokens && !reasoningTokens) return;
  const share = thinking / (thinking + answer);
  const known = reasoningTokens || Math.round(decodedTokens * share);
  const most = Math.min(Math.max(0, cap - before.thinking), thinking + purse.remaining());
  const exact = Math.min(known, most);
  if (exact > thinking) purse.take(exact - thinking);
  tally.thinkingTokens = before.thinking + exact;
  sink.setTokens(before.answer + Math.max(0, decodedTokens - exact));
}
