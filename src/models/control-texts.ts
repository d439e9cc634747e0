import type { ModelFamily } from './families/family.ts';

/** Makes text in which nothing is read as a special token: a zero-width space is put behind the first character of each. */
export type Defuse = (text: string) => string;

/**
 * Defuses the given texts, and what else matches `pattern` (with the flag g, without a text of one character).
 * One text after the other, so that those which overlap are found as well.
 */
export function createDefuse(texts: readonly (string | undefined)[], pattern?: RegExp): Defuse {
  // A token of one character can't be split; it is text to its template as well.
  const exact = [...new Set(texts)].flatMap((text) => (text !== undefined && [...text].length > 1 ? [text] : []));
  return (text) => {
    let safe = pattern === undefined ? text : text.replace(pattern, split);
    for (const token of exact) if (safe.includes(token)) safe = safe.replaceAll(token, split);
    return safe;
  };
}

function split(token: string): string {
  const [first = ''] = token;
  return `${first}\u200B${token.slice(first.length)}`;
}

/** Deeper JSON than this overflows the stack of what renders it. */
const deepest = 200;

/**
 * JSON with all its strings and names defused.
 * @throws RangeError where it is too deep to be rendered
 */
export function defusedJson(value: unknown, defuse: Defuse, depth = 0): unknown {
  if (typeof value === 'string') return defuse(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === deepest) throw new RangeError('the JSON is too deep');
  const inner = (item: unknown) => defusedJson(item, defuse, depth + 1);
  if (Array.isArray(value)) return value.map(inner);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [defuse(name), inner(item)]));
}

/** A call's arguments as JSON, defused behind its escapes (`\u003c` is `<` to a template); text where they are no JSON, or too deep. */
export function defusedArguments(text: string, defuse: Defuse): unknown {
  try {
    return defusedJson(JSON.parse(text), defuse);
  } catch {
    return defuse(text);
  }
}

/** What a family's own sentences and tags are made of. */
export function familyTexts({ tags, toolCallTags, stopTokens, answerEnds = [] }: ModelFamily): string[] {
  const pairs = [tags, toolCallTags].flatMap((pair) => (pair === undefined ? [] : [pair.open, pair.close]));
  return [...pairs, ...stopTokens, ...answerEnds];
}

/** How models spell their special tokens, for a server whose tokenizer isn't seen. */
export const controlPattern = new RegExp(
  [
    // <|im_start|>, Gemma 4's <|turn> and <turn|>, DeepSeek's <｜User｜>, EXAONE's [|user|]
    String.raw`<\|[^<>|\s]{1,64}\|?>`,
    String.raw`<[^<>|\s]{1,64}\|>`,
    String.raw`<｜[^<>｜\s]{1,64}｜>`,
    String.raw`\[\|[^[\]|\s]{1,64}\|\]`,
    '</?(?:s|bos|eos|pad|unk|think|tool_call|tool_response|start_of_turn|end_of_turn|seed:[a-z_:]{1,32})>',
    String.raw`<SPECIAL_\d{1,4}>`,
    // Mistral's, MiniMax's
    String.raw`\[/?(?:INST|THINK|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|CALL_ID|ARGS)\]`,
    String.raw`\]~!?b[\][]|\[e~\[`,
  ].join('|'),
  'gu',
);
