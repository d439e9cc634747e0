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
  return new RegexParser(pattern).parse();
}

/** A recursive-descent parser; `at` is the next code point. */
class RegexParser {
  private readonly points: readonly string[];
  private at = 0;

  constructor(pattern: string) {
    this.points = Array.from(pattern);
  }

  parse(): RegexSyntax {
    const syntax = this.alternatives(0);
    return this.at === this.points.length ? syntax : this.refuse(`"${this.peek()}"`);
  }

  private peek(ahead = 0): string | undefined {
    return this.points[this.at + ahead];
  }

  private takes(text: string): boolean {
    const matches = Array.from(text).every((char, index) => this.peek(index) === char);
    if (matches) this.at += text.length;
    return matches;
  }

  private refuse(what: string): never {
    throw new UnsupportedRegex(`${what} (at character ${this.at + 1}) is not supported`);
  }

  private alternatives(depth: number): RegexSyntax {
    if (depth > MAX_NESTING) return this.refuse(`nesting deeper than ${MAX_NESTING} groups`);
    const options = [this.sequence(depth)];
    while (this.takes('|')) options.push(this.sequence(depth));
    const [only] = options;
    return options.length === 1 && only ? only : { kind: 'alternatives', options };
  }

  private sequence(depth: number): RegexSyntax {
    const items: RegexSyntax[] = [];
    while (this.peek() !== undefined && this.peek() !== '|' && this.peek() !== ')')
      items.push(this.quantified(this.atom(depth)));
    return { kind: 'sequence', items };
  }

  private atom(depth: number): RegexSyntax {
    if (this.takes('^')) return { kind: 'start' };
    if (this.takes('$')) return { kind: 'end' };
    if (this.takes('(')) return this.group(depth);
    if (this.takes('[')) return { kind: 'characters', ranges: this.characterClass() };
    if (this.takes('.')) return { kind: 'characters', ranges: notLineTerminator };
    if (this.peek() === '\\' && (this.peek(1) === 'b' || this.peek(1) === 'B')) return this.refuse('a word boundary');
    return { kind: 'characters', ranges: this.character(false) };
  }

  private group(depth: number): RegexSyntax {
    if (this.takes('?=') || this.takes('?!')) {
      const negative = this.points[this.at - 1] === '!';
      return { kind: 'lookahead', negative, inner: this.closed(this.alternatives(depth + 1)) };
    }
    if (this.takes('?<=') || this.takes('?<!')) return this.refuse('a lookbehind');
    if (this.takes('?<')) while (!this.takes('>')) this.at += 1;
    else if (!this.takes('?:') && this.peek() === '?') return this.refuse('a group modifier');
    return this.closed(this.alternatives(depth + 1));
  }

  private closed(inner: RegexSyntax): RegexSyntax {
    return this.takes(')') ? inner : this.refuse('an unclosed group');
  }

  private quantified(inner: RegexSyntax): RegexSyntax {
    const bounds = this.quantifier();
    if (!bounds) return inner;
    this.takes('?'); // lazy: the same language
    if (inner.kind === 'start' || inner.kind === 'end' || inner.kind === 'lookahead')
      return this.refuse('a quantifier on an assertion');
    if (bounds.minimum > MAX_QUANTIFIER || (bounds.maximum > MAX_QUANTIFIER && bounds.maximum < Infinity))
      return this.refuse(`a quantifier above ${MAX_QUANTIFIER}`);
    return { kind: 'repeat', inner, ...bounds };
  }

  private quantifier(): { minimum: number; maximum: number } | undefined {
    if (this.takes('*')) return { minimum: 0, maximum: Infinity };
    if (this.takes('+')) return { minimum: 1, maximum: Infinity };
    if (this.takes('?')) return { minimum: 0, maximum: 1 };
    const braces = /^\{(\d+)(,?)(\d*)\}/.exec(this.points.slice(this.at, this.at + 40).join(''));
    if (!braces) return undefined;
    this.at += braces[0].length;
    const minimum = Number(braces[1]);
    if (!braces[2]) return { minimum, maximum: minimum };
    return { minimum, maximum: braces[3] ? Number(braces[3]) : Infinity };
  }

  private characterClass(): CodePoints {
    const negative = this.takes('^');
    const ranges: Array<readonly [number, number]> = [];
    while (!this.takes(']')) {
      const low = this.character(true);
      const single = low.length === 1 && low[0]?.[0] === low[0]?.[1];
      if (single && this.peek() === '-' && this.peek(1) !== ']') {
        this.at += 1;
        const high = this.character(true);
        ranges.push([low[0]?.[0] ?? 0, high[0]?.[1] ?? 0]);
      } else ranges.push(...low);
    }
    return negative ? inverted(ranges) : normalized(ranges);
  }

  private character(inClass: boolean): CodePoints {
    const char = this.peek() ?? this.refuse('an unfinished pattern');
    this.at += 1;
    if (char !== '\\') return one(char.codePointAt(0) ?? 0);
    const letter = this.peek() ?? this.refuse('an unfinished escape');
    this.at += 1;
    if (letter === 'p' || letter === 'P') {
      const start = this.at;
      while (this.peek(-1) !== '}' && this.peek() !== undefined) this.at += 1;
      return unicodeProperty(`\\${letter}${this.points.slice(start, this.at).join('')}`);
    }
    const shorthand = shorthandClass(letter);
    if (shorthand) return shorthand;
    if (inClass && letter === 'b') return one(8);
    if (/[1-9k]/.test(letter)) return this.refuse('a backreference');
    if (letter === 'x') return one(this.hexadecimal(2));
    if (letter === 'u') return one(this.takes('{') ? this.bracedHexadecimal() : this.pairOf(this.hexadecimal(4)));
    if (letter === 'c') return one((this.points[this.at++] ?? '').charCodeAt(0) % 32);
    return one(controlEscapes[letter] ?? letter.codePointAt(0) ?? 0);
  }

  private hexadecimal(digits: number): number {
    const text = this.points.slice(this.at, this.at + digits).join('');
    this.at += digits;
    return /^[0-9a-fA-F]+$/.test(text) && text.length === digits
      ? Number.parseInt(text, 16)
      : this.refuse('this escape');
  }

  private bracedHexadecimal(): number {
    const start = this.at;
    while (this.peek() !== undefined && !this.takes('}')) this.at += 1;
    return Number.parseInt(this.points.slice(start, this.at - 1).join(''), 16);
  }

  /** `\uD83D\uDE00` is one code point. */
  private pairOf(unit: number): number {
    if (unit < 0xd800 || unit > 0xdbff || !this.takes('\\u')) return unit;
    return 0x10000 + (unit - 0xd800) * 0x400 + (this.hexadecimal(4) - 0xdc00);
  }
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
