import { type Arena, type Expression, sequenceOf } from './expression.ts';
import { jsonCharacter } from './json-text.ts';
import { parseRegex, type RegexSyntax, UnsupportedRegex } from './regex-parser.ts';
import { unsupported } from './unsupported.ts';
import { anyCodePoint, type CodePoints } from './utf8.ts';

/** The contents of JSON strings whose decoded text matches the pattern; `path` is its place in the request. */
export function patternLanguage(
  arena: Arena,
  pattern: string,
  { path, whole }: { path: string; whole: boolean },
): Expression {
  try {
    return regexLanguage(arena, pattern, { code: jsonCharacter, whole });
  } catch (error) {
    if (error instanceof UnsupportedRegex) throw unsupported(path, error.message);
    throw error;
  }
}

/** The bytes of one code point: as UTF-8, or within a JSON string. */
type CharacterCode = (arena: Arena, ranges: CodePoints) => Expression;

/** The most positions of a pattern with its quantifiers expanded, which is the work of one step. */
const MAX_POSITIONS = 20_000;
const MAX_LENGTH = 4096;

/**
 * The language of a pattern. `whole`: the text must match from start to end; otherwise a match anywhere is enough, as
 * in JSON Schema, and `^` and `$` tie it to the ends.
 * @throws UnsupportedRegex
 */
export function regexLanguage(
  arena: Arena,
  pattern: string,
  { code, whole }: { code: CharacterCode; whole: boolean },
): Expression {
  if (pattern.length > MAX_LENGTH)
    throw new UnsupportedRegex(`a pattern of more than ${MAX_LENGTH} characters is not supported`);
  const syntax = parseRegex(pattern);
  if (positions(syntax) > MAX_POSITIONS)
    throw new UnsupportedRegex(
      `the pattern is too large (with its quantifiers expanded, more than ${MAX_POSITIONS} characters)`,
    );
  const characters = new Map<CodePoints, Expression>();
  const written = (ranges: CodePoints): Expression => {
    const known = characters.get(ranges) ?? code(arena, ranges);
    characters.set(ranges, known);
    return known;
  };
  const anything = arena.repeat(written(anyCodePoint), 0, Infinity);
  return outer({ arena, written, anything, margin: whole ? arena.epsilon : anything }, syntax);
}

type Writer = {
  arena: Arena;
  written(ranges: CodePoints): Expression;
  anything: Expression;
  /** What may precede and follow a match. */
  margin: Expression;
};

/** Alternatives from the text's start to its end: the only place where assertions make sense here. */
function outer(writer: Writer, part: RegexSyntax): Expression {
  const { arena, margin } = writer;
  if (part.kind === 'alternatives') return arena.alternatives(part.options.map((option) => outer(writer, option)));
  const items = part.kind === 'sequence' ? part.items : [part];
  const [only] = items;
  if (items.length === 1 && (only?.kind === 'alternatives' || only?.kind === 'sequence')) return outer(writer, only);
  const starts = items[0]?.kind === 'start';
  const rest = sequenceTo(writer, starts ? items.slice(1) : items, margin);
  return starts ? rest : arena.sequence(margin, rest);
}

/** `items`, then `tail`, which `$` replaces: from some position to the end of the text. */
function sequenceTo(writer: Writer, items: readonly RegexSyntax[], tail: Expression): Expression {
  const { arena } = writer;
  const [item, ...rest] = items;
  if (!item) return tail;
  if (item.kind === 'end' && rest.length === 0) return arena.epsilon;
  if (item.kind !== 'lookahead') return arena.sequence(inner(writer, item), sequenceTo(writer, rest, tail));
  const ahead = aheadTo(writer, item.inner);
  return arena.both([item.negative ? arena.complement(ahead) : ahead, sequenceTo(writer, rest, tail)]);
}

function aheadTo(writer: Writer, part: RegexSyntax): Expression {
  if (part.kind === 'alternatives')
    return writer.arena.alternatives(part.options.map((option) => aheadTo(writer, option)));
  return sequenceTo(writer, part.kind === 'sequence' ? part.items : [part], writer.anything);
}

function inner(writer: Writer, part: RegexSyntax): Expression {
  const { arena } = writer;
  switch (part.kind) {
    case 'characters':
      return writer.written(part.ranges);
    case 'sequence':
      return sequenceOf(arena, ...part.items.map((item) => inner(writer, item)));
    case 'alternatives':
      return arena.alternatives(part.options.map((option) => inner(writer, option)));
    case 'repeat':
      return arena.repeat(inner(writer, part.inner), part.minimum, part.maximum);
    case 'start':
      throw new UnsupportedRegex('"^" anywhere but at the start is not supported');
    case 'end':
      throw new UnsupportedRegex('"$" anywhere but at the end is not supported');
    case 'lookahead':
      throw new UnsupportedRegex('a lookahead inside a group is not supported');
    default:
      return part satisfies never;
  }
}

function positions(part: RegexSyntax): number {
  switch (part.kind) {
    case 'characters':
      return 1;
    case 'sequence':
      return part.items.reduce((sum, item) => sum + positions(item), 0);
    case 'alternatives':
      return part.options.reduce((sum, option) => sum + positions(option), 0);
    case 'repeat':
      return positions(part.inner) * Math.max(1, part.maximum === Infinity ? part.minimum + 1 : part.maximum);
    case 'lookahead':
      return positions(part.inner);
    case 'start':
    case 'end':
      return 0;
    default:
      return part satisfies never;
  }
}
