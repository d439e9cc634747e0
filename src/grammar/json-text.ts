import { byteSet } from './byte-set.ts';
import type { Arena, Expression } from './expression.ts';
import { sequenceOf } from './expression.ts';
import type { CodePoints } from './utf8.ts';
import { anyCodePoint, intersected, literal, utf8 } from './utf8.ts';

/** The whitespace policy: one space after these, none anywhere else. It is fixed, so it can be predicted. */
export const itemSeparator = ', ';
export const keySeparator = ': ';

const plain: CodePoints = [
  [0x20, 0x21],
  [0x23, 0x5b],
  [0x5d, 0x10ffff],
];
const shortEscapes: ReadonlyArray<readonly [point: number, escape: string]> = [
  [0x22, '\\"'],
  [0x5c, '\\\\'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
];

/**
 * One code point in `ranges` as `JSON.stringify` writes it. Each code point has exactly one form, so lengths, patterns
 * and exclusions apply to the decoded text.
 */
export function jsonCharacter(arena: Arena, ranges: CodePoints): Expression {
  const holds = (point: number): boolean => ranges.some(([low, high]) => point >= low && point <= high);
  const options = [utf8(arena, intersected(ranges, plain))];
  for (const [point, written] of shortEscapes) if (holds(point)) options.push(literal(arena, written));
  for (let point = 0; point < 0x20; point += 1) {
    if (!holds(point) || shortEscapes.some(([short]) => short === point)) continue;
    options.push(literal(arena, `\\u${point.toString(16).padStart(4, '0')}`));
  }
  return arena.alternatives(options);
}

const anyCharacters = new WeakMap<Arena, Expression>();

/** Any one code point within a JSON string. */
export function anyJsonCharacter(arena: Arena): Expression {
  const character = anyCharacters.get(arena) ?? jsonCharacter(arena, anyCodePoint);
  anyCharacters.set(arena, character);
  return character;
}

/** Any content of a JSON string, without the quotes. */
export function anyStringContent(arena: Arena): Expression {
  return arena.repeat(anyJsonCharacter(arena), 0, Infinity);
}

export function quoted(arena: Arena, content: Expression): Expression {
  const quote = arena.bytes(byteSet([[0x22, 0x22]]));
  return sequenceOf(arena, quote, content, quote);
}

/** `value` in the JSON format of this grammar. */
export function jsonText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(itemSeparator)}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([name, member]) => `${JSON.stringify(name)}${keySeparator}${jsonText(member)}`,
    );
    return `{${members.join(itemSeparator)}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
