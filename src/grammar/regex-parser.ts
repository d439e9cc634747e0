import { type CodePoints, inverted, MAX_CODE_POINT, normalized } from './utf8.ts';

/** A parsed regular expression of ECMAScript; captures are treated as groups. */
export type RegexSyntax =
  | { kind: 'characters'; ranges: CodePoints }
  | { kind: 'sequence'; items: readonly RegexSyntax[] }
  | { kind: 'alternatives'; options: readonly RegexSyntax[] }
  | { kind: 'repeat'; inner: RegexSyntax; minimum: number; maximum: number }
  | { kind: 'start' }
  | { kind: 'end' }
  | { kind: 'lookahead'; inner: RegexSyntax; negative: boolean };

/** A feature of the pattern that is not supported; the message is for the caller. */
export class UnsupportedRegex extends Error {
  override readonly name = 'UnsupportedRegex';
}

const digit: CodePoints = [[0x30, 0x39]];
const word: CodePoints = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
/** WhiteSpace and LineTerminator of ECMA-262. */
const space: CodePoints = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];

/** `.` without the dotAll flag. */
const notLineTerminator = inverted([
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
]);

/** `\d`, `\w`, `\s` and their complements; undefined for any other letter. */
function shorthandClass(letter: string): CodePoints | undefined {
  const known = { d: digit, w: word, s: space }[letter.toLowerCase()];
  if (!known) return undefined;
  return letter === letter.toLowerCase() ? known : inverted(known);
}

const properties = new Map<string, CodePoints>();

/** `\p{…}` and `\P{…}`, determined by testing each code point with the runtime once (about 50 ms, then cached). */
function unicodeProperty(property: string): CodePoints {
  const known = properties.get(property);
  if (known) return known;
  let matcher: RegExp;
  try {
    matcher = new RegExp(property, 'u');
  } catch {
    throw new UnsupportedRegex(`${property} is not a Unicode property`);
  }
  const ranges: Array<[number, number]> = [];
  for (let point = 0; point <= MAX_CODE_POINT; point += 1) {
    if (!matcher.test(String.fromCodePoint(point))) continue;
    const last = ranges.at(-1);
    if (last && last[1] === point - 1) last[1] = point;
    else ranges.push([point, point]);
  }
  const result = normalized(ranges);
  // A caller could use any number of spellings, so only a few are cached.
  if (properties.size < 32) properties.set(property, result);
  return result;
}

const controlEscapes: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, v: 11, f: 12, 0: 0 };
const MAX_NESTING = 64;
const MAX_QUANTIFIER = 100_000;

/**
 * Parses a pattern as ECMA-262 does with the `u` flag, but allows identity escapes of the older syntax.
 * @throws UnsupportedRegex with a message for the caller
 */
export function parseRegex(pattern: string): RegexSyntax {
  checkSyntax(pattern);
  const points = Array.from(pattern);
  let at = 0;
  const peek = (ahead = 0): string | undefined => points[at + ahead];
  const takes = (text: string): boolean => {
    const matches = Array.from(text).every((char, index) => peek(index) === char);
    if (matches) at += text.length;
    return matches;
  };
  const refuse = (what: string): never => {
    throw new UnsupportedRegex(`${what} (at character ${at + 1}) is not supported`);
  };

  function alternatives(depth: number): RegexSyntax {
    if (depth > MAX_NESTING) return refuse(`nesting deeper than ${MAX_NESTING} groups`);
    const options = [sequence(depth)];
    while (takes('|')) options.push(sequence(depth));
    const [only] = options;
    return options.length === 1 && only ? only : { kind: 'alternatives', options };
  }

  function sequence(depth: number): RegexSyntax {
    const items: RegexSyntax[] = [];
    while (peek() !== undefined && peek() !== '|' && peek() !== ')') items.push(quantified(atom(depth)));
    return { kind: 'sequence', items };
  }

  function atom(depth: number): RegexSyntax {
    if (takes('^')) return { kind: 'start' };
    if (takes('$')) return { kind: 'end' };
    if (takes('(')) return group(depth);
    if (takes('[')) return { kind: 'characters', ranges: characterClass() };
    if (takes('.')) return { kind: 'characters', ranges: notLineTerminator };
    if (peek() === '\\' && (peek(1) === 'b' || peek(1) === 'B')) return refuse('a word boundary');
    return { kind: 'characters', ranges: character(false) };
  }

  function group(depth: number): RegexSyntax {
    if (takes('?=') || takes('?!')) {
      const negative = points[at - 1] === '!';
      return { kind: 'lookahead', negative, inner: closed(alternatives(depth + 1)) };
    }
    if (takes('?<=') || takes('?<!')) return refuse('a lookbehind');
    if (takes('?<')) while (!takes('>')) at += 1;
    else if (!takes('?:') && peek() === '?') return refuse('a group modifier');
    return closed(alternatives(depth + 1));
  }

  function closed(inner: RegexSyntax): RegexSyntax {
    return takes(')') ? inner : refuse('an unclosed group');
  }

  function quantified(inner: RegexSyntax): RegexSyntax {
    const bounds = quantifier();
    if (!bounds) return inner;
    takes('?'); // lazy: the same language
    if (inner.kind === 'start' || inner.kind === 'end' || inner.kind === 'lookahead')
      return refuse('a quantifier on an assertion');
    if (bounds.minimum > MAX_QUANTIFIER || (bounds.maximum > MAX_QUANTIFIER && bounds.maximum < Infinity))
      return refuse(`a quantifier above ${MAX_QUANTIFIER}`);
    return { kind: 'repeat', inner, ...bounds };
  }

  function quantifier(): { minimum: number; maximum: number } | undefined {
    if (takes('*')) return { minimum: 0, maximum: Infinity };
    if (takes('+')) return { minimum: 1, maximum: Infinity };
    if (takes('?')) return { minimum: 0, maximum: 1 };
    const braces = /^\{(\d+)(,?)(\d*)\}/.exec(points.slice(at, at + 40).join(''));
    if (!braces) return undefined;
    at += braces[0].length;
    const minimum = Number(braces[1]);
    if (!braces[2]) return { minimum, maximum: minimum };
    return { minimum, maximum: braces[3] ? Number(braces[3]) : Infinity };
  }

  function characterClass(): CodePoints {
    const negative = takes('^');
    const ranges: Array<readonly [number, number]> = [];
    while (!takes(']')) {
      const low = character(true);
      const single = low.length === 1 && low[0]?.[0] === low[0]?.[1];
      if (single && peek() === '-' && peek(1) !== ']') {
        at += 1;
        const high = character(true);
        ranges.push([low[0]?.[0] ?? 0, high[0]?.[1] ?? 0]);
      } else ranges.push(...low);
    }
    return negative ? inverted(ranges) : normalized(ranges);
  }

  function character(inClass: boolean): CodePoints {
    const char = peek() ?? refuse('an unfinished pattern');
    at += 1;
    if (char !== '\\') return one(char.codePointAt(0) ?? 0);
    const letter = peek() ?? refuse('an unfinished escape');
    at += 1;
    if (letter === 'p' || letter === 'P') {
      const start = at;
      while (peek(-1) !== '}' && peek() !== undefined) at += 1;
      return unicodeProperty(`\\${letter}${points.slice(start, at).join('')}`);
    }
    const shorthand = shorthandClass(letter);
    if (shorthand) return shorthand;
    if (inClass && letter === 'b') return one(8);
    if (/[1-9k]/.test(letter)) return refuse('a backreference');
    if (letter === 'x') return one(hexadecimal(2));
    if (letter === 'u') return one(takes('{') ? bracedHexadecimal() : pairOf(hexadecimal(4)));
    if (letter === 'c') return one((points[at++] ?? '').charCodeAt(0) % 32);
    return one(controlEscapes[letter] ?? letter.codePointAt(0) ?? 0);
  }

  function hexadecimal(digits: number): number {
    const text = points.slice(at, at + digits).join('');
    at += digits;
    return /^[0-9a-fA-F]+$/.test(text) && text.length === digits ? Number.parseInt(text, 16) : refuse('this escape');
  }
  function bracedHexadecimal(): number {
    const start = at;
    while (peek() !== undefined && !takes('}')) at += 1;
    return Number.parseInt(points.slice(start, at - 1).join(''), 16);
  }
  /** `\uD83D\uDE00` is one code point. */
  function pairOf(unit: number): number {
    if (unit < 0xd800 || unit > 0xdbff || !takes('\\u')) return unit;
    return 0x10000 + (unit - 0xd800) * 0x400 + (hexadecimal(4) - 0xdc00);
  }

  const syntax = alternatives(0);
  return at === points.length ? syntax : refuse(`"${peek()}"`);
}

const one = (point: number): CodePoints => [[point, point]];

/** The runtime's own parser rejects invalid patterns (it only parses). */
function checkSyntax(pattern: string): void {
  for (const flags of ['u', '']) {
    try {
      new RegExp(pattern, flags);
      return;
    } catch {
      // The older syntax is tried next.
    }
  }
  throw new UnsupportedRegex('this is not a valid regular expression');
}
