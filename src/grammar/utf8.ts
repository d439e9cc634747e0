import { byteSet } from './byte-set.ts';
import type { Arena, Expression } from './expression.ts';
import { sequenceOf } from './expression.ts';

/** Inclusive ranges of Unicode code points, sorted and not adjacent. */
export type CodePoints = ReadonlyArray<readonly [low: number, high: number]>;

export const MAX_CODE_POINT = 0x10ffff;
/** All code points of text: all except the surrogates. */
export const anyCodePoint: CodePoints = [
  [0, 0xd7ff],
  [0xe000, MAX_CODE_POINT],
];

export function normalized(ranges: CodePoints): CodePoints {
  const sorted = [...ranges].sort((left, right) => left[0] - right[0]);
  const merged: Array<[number, number]> = [];
  for (const [low, high] of sorted) {
    const last = merged.at(-1);
    if (last && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else merged.push([low, high]);
  }
  return merged;
}

export function inverted(ranges: CodePoints): CodePoints {
  const result: Array<[number, number]> = [];
  let from = 0;
  for (const [low, high] of normalized(ranges)) {
    if (low > from) result.push([from, low - 1]);
    from = high + 1;
  }
  if (from <= MAX_CODE_POINT) result.push([from, MAX_CODE_POINT]);
  return result;
}

export function intersected(left: CodePoints, right: CodePoints): CodePoints {
  return inverted([...inverted(left), ...inverted(right)]);
}

/** One code point in `ranges`, as UTF-8 (RFC 3629; without surrogates). */
export function utf8(arena: Arena, ranges: CodePoints): Expression {
  const options: Expression[] = [];
  for (const [low, high] of intersected(ranges, anyCodePoint)) {
    for (const [first, last] of [
      [0, 0x7f],
      [0x80, 0x7ff],
      [0x800, 0xffff],
      [0x10000, MAX_CODE_POINT],
    ] as const) {
      const from = Math.max(low, first);
      const to = Math.min(high, last);
      if (from <= to)
        options.push(...encoded(arena, Buffer.from(String.fromCodePoint(from)), Buffer.from(String.fromCodePoint(to))));
    }
  }
  return arena.alternatives(options);
}

/** Byte strings of one length from `from` to `to`, in order, with continuation bytes from 80 to BF. */
function encoded(arena: Arena, from: Uint8Array, to: Uint8Array): Expression[] {
  const [low = 0, ...lowTail] = from;
  const [high = 0, ...highTail] = to;
  const range = (first: number, last: number) => arena.bytes(byteSet([[first, last]]));
  if (lowTail.length === 0) return [range(low, high)];
  const tail = (first: readonly number[], last: readonly number[]) =>
    arena.alternatives(encoded(arena, Uint8Array.from(first), Uint8Array.from(last)));
  const least = lowTail.map(() => 0x80);
  const most = lowTail.map(() => 0xbf);
  if (low === high) return [arena.sequence(range(low, low), tail(lowTail, highTail))];
  const options = [
    arena.sequence(range(low, low), tail(lowTail, most)),
    arena.sequence(range(high, high), tail(least, highTail)),
  ];
  if (high - low > 1) options.push(sequenceOf(arena, range(low + 1, high - 1), ...least.map(() => range(0x80, 0xbf))));
  return options;
}

/** Exactly this text. */
export function literal(arena: Arena, text: string): Expression {
  return exactly(arena, Buffer.from(text));
}

/** Exactly one of these texts, as a prefix tree, so that a long list costs no more per byte than a short one. */
export function literals(arena: Arena, texts: readonly string[]): Expression {
  const sorted = [...new Set(texts)].map((text) => Buffer.from(text)).sort(Buffer.compare);
  return prefixTree(arena, sorted, 0);
}

function prefixTree(arena: Arena, sorted: readonly Buffer[], depth: number): Expression {
  const [only] = sorted;
  if (!only) return arena.empty;
  if (sorted.length === 1) return exactly(arena, only.subarray(depth));
  const groups = new Map<number, Buffer[]>();
  let ends = false;
  for (const text of sorted) {
    const byte = text[depth];
    if (byte === undefined) ends = true;
    else {
      const group = groups.get(byte);
      if (group) group.push(text);
      else groups.set(byte, [text]);
    }
  }
  const options = Array.from(groups, ([byte, group]) =>
    arena.sequence(arena.bytes(byteSet([[byte, byte]])), prefixTree(arena, group, depth + 1)),
  );
  return arena.alternatives(ends ? [...options, arena.epsilon] : options);
}

function exactly(arena: Arena, text: Uint8Array): Expression {
  return sequenceOf(arena, ...Array.from(text, (byte) => arena.bytes(byteSet([[byte, byte]]))));
}
