import { setImmediate } from 'node:timers/promises';
import type { ModelTokenizer } from './tokenizer.ts';

/** Characters that are tokenised before the event loop gets a turn: some 10 ms, 100 ms at the very worst. */
const pieceLength = 4096;

/** `most`: nothing is tokenised once there are more ids than this. `signal` ends it between two pieces. */
export type EncodeLimits = { most?: number | undefined; signal?: AbortSignal | undefined };

/**
 * Token ids of a text of any length, with a turn of the event loop after each piece. Pieces end before the space of a new
 * word, where tokenizers cut anyway, so the ids are those of the whole; only in 4,096 characters without such a place can a
 * cut cost a token. Prompt rendering and token counting both go through here, so their counts always agree.
 * @throws the signal's reason
 */
export async function encodeInPieces(
  tokenizer: Pick<ModelTokenizer, 'encode'>,
  text: string,
  { most = Number.POSITIVE_INFINITY, signal }: EncodeLimits = {},
): Promise<number[]> {
  if (text.length <= pieceLength) return tokenizer.encode(text);
  const ids: number[] = [];
  for (let start = 0; start < text.length && ids.length <= most; ) {
    const end = pieceEnd(text, start);
    for (const id of tokenizer.encode(text.slice(start, end))) ids.push(id);
    start = end;
    await setImmediate();
    signal?.throwIfAborted();
  }
  return ids;
}

/** Where the piece that begins at `start` ends: the last ` word` border within reach, else between two characters. */
function pieceEnd(text: string, start: number): number {
  const limit = start + pieceLength;
  if (limit >= text.length) return text.length;
  for (let end = limit; end > start + 1; end--) {
    if (text[end] === ' ' && isLetter(text[end - 1]) && isLetter(text[end + 1])) return end;
  }
  const code = text.charCodeAt(limit);
  return code >= 0xdc00 && code <= 0xdfff ? limit - 1 : limit;
}

function isLetter(character: string | undefined): boolean {
  return character !== undefined && /\p{L}/u.test(character);
}
