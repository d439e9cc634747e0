import { UnsupportedRegex } from './regex-syntax.ts';
import type { CodePoints } from './utf8.ts';
import { inverted, MAX_CODE_POINT, normalized } from './utf8.ts';

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
export const notLineTerminator = inverted([
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
]);

/** `\d`, `\w`, `\s` and their complements; undefined for any other letter. */
export function shorthandClass(letter: string): CodePoints | undefined {
  const known = { d: digit, w: word, s: space }[letter.toLowerCase()];
  if (!known) return undefined;
  return letter === letter.toLowerCase() ? known : inverted(known);
}

const properties = new Map<string, CodePoints>();

/** `\p{…}` and `\P{…}`, found by asking the runtime about each code point once (about 50 ms, then remembered). */
export function unicodeProperty(property: string): CodePoints {
  const known = properties.get(property);
  if (known) return known;
  let matcher: RegExp;
  try {
    matcher = new RegExp(property, 'u');
  } catch {
    throw new UnsupportedRegex(`${property} is no Unicode property`);
  }
  const ranges: Array<[number, number]> = [];
  for (let point = 0; point <= MAX_CODE_POINT; point += 1) {
    if (!matcher.test(String.fromCodePoint(point))) continue;
    const last = ranges.at(-1);
    if (last && last[1] === point - 1) last[1] = point;
    else ranges.push([point, point]);
  }
  const result = normalized(ranges);
  // A caller could ask for endless spellings: a few are all that is worth remembering.
  if (properties.size < 32) properties.set(property, result);
  return result;
}
