import type { ModelTokenizer } from './local/folder/tokenizer.ts';

/**
 * Makes text of token ids as they come. What it gives never ends within a UTF-8 character, special tokens give no text,
 * and all pieces together are the decode of all ids.
 */
export type TextStream = {
  /** The text that these ids complete; '' while a character is unfinished. */
  push(ids: readonly number[]): string;
  /** What is left at the end: an unfinished character as U+FFFD. */
  end(): string;
};

/** A stream from its first id. Bytes are exact and cost O(1) per token; other decoders are asked again with a short window. */
export function createTextStream(tokenizer: ModelTokenizer): TextStream {
  return tokenizer.byteLevel ? byteStream(tokenizer) : windowStream(tokenizer);
}

function byteStream(tokenizer: ModelTokenizer): TextStream {
  const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });
  return {
    push(ids) {
      let text = '';
      for (const id of ids) text += decoder.decode(tokenizer.bytesOf(id) ?? new Uint8Array(), { stream: true });
      return text;
    },
    end: () => decoder.decode(),
  };
}

/** Longest run of tokens whose text is held back for an unfinished character: a character has at most four bytes. */
const maximumHeldTokens = 8;

/**
 * For decoders whose text of a token depends on its neighbours (Metaspace, byte fallback): the new text is what the window
 * has more than it had without the new ids. The window opens at the last border where text was given.
 */
function windowStream(tokenizer: ModelTokenizer): TextStream {
  let window: number[] = [];
  let given = 0;
  let first = true;
  const take = (hold: boolean): string => {
    const before = tokenizer.decode(window.slice(0, given));
    const now = tokenizer.decode(window);
    if (hold && now.endsWith('\uFFFD') && window.length - given <= maximumHeldTokens) return '';
    const text = now.slice(before.length);
    // One given token stays in front: a decoder strips the space of the first one.
    if (text !== '' && !first) window = window.slice(given);
    first = false;
    given = window.length;
    return text;
  };
  return {
    push(ids) {
      window.push(...ids);
      return window.length > given ? take(true) : '';
    },
    end: () => (window.length > given ? take(false) : ''),
  };
}
