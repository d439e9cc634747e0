/**
 * The "model" of the tests' upstream server: a fixed thought and a fixed answer, token by token. It continues wherever
 * a prompt ends, so that tests can see how thoughts are continued or ended and answers resumed.
 */
export type Script = {
  thoughts: readonly string[];
  answer: readonly string[];
  toolCalls?: ReadonlyArray<{ name: string; arguments: string }>;
  /** What it writes in JSON mode, and under any other constraint. */
  constrained?: readonly string[];
  /** With a seed and a temperature, its first thought contains the seed. */
  draws?: boolean;
};

/** Where decoding starts, according to the prompt. `thought` is undefined if there is no open thought. */
export type Place = { thought: string | undefined; answer: string; thinking: boolean; constrained: boolean };

export type DecodedToken = { kind: 'thinking' | 'close' | 'answer'; text: string };

/** All tokens from there. `budget`: the number of thought tokens after which the close tag is forced. */
export function decode(script: Script, place: Place, budget = Number.POSITIVE_INFINITY): DecodedToken[] {
  const said = place.constrained && script.constrained ? script.constrained : script.answer;
  const answer = rest(said, place.answer).map((text): DecodedToken => ({ kind: 'answer', text }));
  if (!place.thinking) return answer;
  const thoughts = rest(script.thoughts, place.thought ?? '').slice(0, budget);
  return [
    ...thoughts.map((text): DecodedToken => ({ kind: 'thinking', text })),
    { kind: 'close', text: '</think>' },
    ...answer,
  ];
}

/** The tokens after those that the text starts with, one that it breaks off in from there on; a text that differs is continued at the same position. */
function rest(tokens: readonly string[], text: string): readonly string[] {
  let length = 0;
  let index = 0;
  while (index < tokens.length && length + (tokens[index] ?? '').length <= text.length)
    length += (tokens[index++] ?? '').length;
  const begun = text.length - length;
  return begun === 0 ? tokens.slice(index) : [(tokens[index] ?? '').slice(begun), ...tokens.slice(index + 1)];
}

/** One token per word with the preceding space; tags are separate tokens. Ids are assigned as words occur. */
export function createVocabulary(): { encode(text: string): number[]; decode(ids: readonly number[]): string } {
  const ids = new Map<string, number>();
  const words: string[] = [];
  return {
    encode(text) {
      return (text.match(/<[^<>\s]+>|\n|\s?[^\s<]+|\s|</g) ?? []).map((word) => {
        const known = ids.get(word) ?? words.push(word) - 1;
        ids.set(word, known);
        return known;
      });
    },
    decode: (given) => given.map((id) => words[id] ?? '').join(''),
  };
}

export type ChatTurn = { role: string; content?: string | null; reasoning?: string; reasoning_content?: string };

/**
 * A template like Qwen's: it opens the thought, or writes an empty one. `opens`: always or never opens it, whatever the
 * request says.
 */
export function render(messages: readonly ChatTurn[], thinking: boolean, opens?: 'always' | 'never'): string {
  const turns = messages.map(({ role, content }) => `<|${role}|>${content ?? ''}<|end|>`).join('\n');
  if (opens === 'never') return `${turns}\n<|assistant|>`;
  return `${turns}\n<|assistant|>${thinking || opens === 'always' ? '<think>\n' : '<think>\n\n</think>\n\n'}`;
}

/** Reads what follows the last `<|assistant|>`: an open thought, or a closed one and the start of an answer. */
export function placeIn(text: string, constrained: boolean): Place {
  const [, tail = ''] = /<\|assistant\|>((?:(?!<\|assistant\|>)[\s\S])*)$/.exec(text) ?? [];
  const close = tail.lastIndexOf('</think>');
  if (close >= 0) {
    const answer = tail.slice(close + '</think>'.length).replace(/^\n+/, '');
    return { thought: undefined, answer, thinking: false, constrained };
  }
  const open = tail.indexOf('<think>');
  if (open < 0) return { thought: undefined, answer: tail, thinking: false, constrained };
  return { thought: tail.slice(open + '<think>'.length).replace(/^\n/, ''), answer: '', thinking: true, constrained };
}
