/**
 * The "model" of the upstream server of the tests: a fixed thought and a fixed answer, token by token. It goes on wherever
 * a prompt leaves it, so that continuing a thought, handing over and resuming an answer can be seen to work.
 */
export type Script = {
  thoughts: readonly string[];
  answer: readonly string[];
  toolCalls?: ReadonlyArray<{ name: string; arguments: string }>;
  /** What it says in JSON mode, and under any other form. */
  constrained?: readonly string[];
  /** With a seed and a temperature its first thought names the seed. */
  draws?: boolean;
};

/** Where decoding starts, as the prompt has it. `thought` is undefined where there is no open thought. */
export type Place = { thought: string | undefined; answer: string; thinking: boolean; constrained: boolean };

export type DecodedToken = { kind: 'thinking' | 'close' | 'answer'; text: string };

/** All tokens from there on. `budget`: thought tokens after which the close tag is forced. */
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

/** The tokens after those that the text begins with; a text that says something else is gone on with at the same place. */
function rest(tokens: readonly string[], text: string): readonly string[] {
  let length = 0;
  let index = 0;
  while (index < tokens.length && length + (tokens[index] ?? '').length <= text.length)
    length += (tokens[index++] ?? '').length;
  return tokens.slice(index);
}

/** One token per word with the space before it, tags by themselves. Ids are given out as words come. */
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
 * A template in the manner of Qwen's: the thought is opened by it, or an empty one written. `opens`: the thought, always or
 * never, whatever it is told.
 */
export function render(messages: readonly ChatTurn[], thinking: boolean, opens?: 'always' | 'never'): string {
  const turns = messages.map(({ role, content }) => `<|${role}|>${content ?? ''}<|end|>`).join('\n');
  if (opens === 'never') return `${turns}\n<|assistant|>`;
  return `${turns}\n<|assistant|>${thinking || opens === 'always' ? '<think>\n' : '<think>\n\n</think>\n\n'}`;
}

/** Reads what follows the last `<|assistant|>`: an open thought, or a closed one and the beginning of an answer. */
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
