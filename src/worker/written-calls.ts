import type { TokenLogprob } from '../core/language-model.ts';

type TextPiece = { type: 'text'; text: string; logprobs?: readonly TokenLogprob[] | undefined };
/** `text`: JSON, or only its beginning if the answer ended within the call. */
export type WrittenPiece = TextPiece | { type: 'call'; text: string };

/** Separates the calls that a model wrote into its answer as JSON from the answer's text. */
export type WrittenCalls = {
  push(text: string, logprobs?: readonly TokenLogprob[]): WrittenPiece[];
  /** The answer has ended: returns what is still held back. */
  end(): WrittenPiece[];
};

/**
 * A model that writes a call without its tags would show `{"name": …` to the reader. From such a brace on, the text is held
 * back until the name is known: with a given tool's name it is a call up to its closing brace, otherwise it is text.
 */
export function createWrittenCalls(names: readonly string[]): WrittenCalls {
  let held: TextPiece[] = [];
  /** Index of the brace in the held text. */
  let start = 0;
  const heldText = () => held.map(({ text }) => text).join('');
  const release = (): WrittenPiece[] => {
    const pieces = held;
    held = [];
    return pieces;
  };

  function look(): WrittenPiece[] {
    const text = heldText();
    for (; start >= 0; start = text.indexOf('{', start + 1)) {
      const kind = kindOf(text.slice(start), names);
      if (kind === 'unknown') return [];
      if (kind === 'text') continue;
      const end = endOfObject(text, start);
      if (end === undefined) return [];
      held = [];
      const before = text.slice(0, start);
      return [
        ...(before === '' ? [] : [{ type: 'text' as const, text: before }]),
        { type: 'call', text: text.slice(start, end) },
        ...push(text.slice(end)),
      ];
    }
    return release();
  }

  function push(text: string, logprobs?: readonly TokenLogprob[]): WrittenPiece[] {
    if (text === '') return [];
    if (held.length === 0) {
      start = text.indexOf('{');
      if (start < 0) return [{ type: 'text', text, logprobs }];
    }
    held.push({ type: 'text', text, logprobs });
    return look();
  }

  return {
    push,
    end() {
      const text = heldText();
      if (text === '' || kindOf(text.slice(start), names) !== 'call') return release();
      held = [];
      const before = text.slice(0, start);
      return [
        ...(before === '' ? [] : [{ type: 'text' as const, text: before }]),
        { type: 'call', text: text.slice(start) },
      ];
    },
  };
}

const opening = '{"name":"';

/** Whether a text that starts with a brace is a call of one of these tools, anything else, or not known yet. */
function kindOf(text: string, names: readonly string[]): 'call' | 'text' | 'unknown' {
  const compact = text.slice(0, 512).replace(/\s+/g, '');
  if (compact.length <= opening.length) return opening.startsWith(compact) ? 'unknown' : 'text';
  if (!compact.startsWith(opening)) return 'text';
  const name = compact.slice(opening.length);
  const end = name.indexOf('"');
  if (end >= 0) return names.includes(name.slice(0, end)) ? 'call' : 'text';
  return names.some((known) => known.startsWith(name)) ? 'unknown' : 'text';
}

/** The index after the brace that closes the one at `start`; undefined if it has not arrived yet. */
function endOfObject(text: string, start: number): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (quoted && character === '\\') at++;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === '{') depth++;
    else if (!quoted && character === '}' && --depth === 0) return at + 1;
  }
  return undefined;
}
