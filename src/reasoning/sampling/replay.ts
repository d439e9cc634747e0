import type { StrategyEvent } from '../strategy.ts';
import type { SampleAnswer } from './sample.ts';

/** Characters of a piece where an answer has no tokens of its own any more. */
const pieceLength = 24;

/**
 * A settled answer as the events that a client reads: its own tokens where they are known, else in pieces. What an earlier
 * attempt had already shown (`shown`) is left out where the answer begins with it.
 */
export function* replay(answer: SampleAnswer, shown = ''): Generator<StrategyEvent, void, void> {
  const known = answer.logprobs.length > 0 && answer.logprobs.map((one) => one.token).join('') === answer.text;
  const pieces = known
    ? answer.logprobs.map((one) => ({ text: one.token, logprobs: [one] }))
    : // Tokens that are not the text's (a cut at a stop sequence) come with its first piece.
      inPieces(answer.text).map((text, index) => ({ text, logprobs: index === 0 ? answer.logprobs : [] }));
  // Calls are made anew by a later attempt, perhaps with other words before them: those that were shown stand.
  const isOther = !answer.text.startsWith(shown) && answer.toolCalls.length > 0;
  let skip = isOther ? answer.text.length : answer.text.startsWith(shown) ? shown.length : 0;
  for (const piece of pieces) {
    const text = piece.text.slice(skip);
    skip = Math.max(0, skip - piece.text.length);
    if (text !== '') yield { type: 'answer-delta', text, logprobs: piece.logprobs };
  }
  for (const call of answer.toolCalls) yield { type: 'tool-call', ...call };
}

function inPieces(text: string): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(text.length, from + pieceLength);
    // A surrogate pair is one character.
    if (/[\uD800-\uDBFF]/.test(text.charAt(to - 1))) to += 1;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}
