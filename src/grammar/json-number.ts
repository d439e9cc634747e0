import { byteSet } from './byte-set.ts';
import type { Arena, Expression, NumberAutomaton } from './expression.ts';
import { sequenceOf } from './expression.ts';
import { literal } from './utf8.ts';

/** The most digits before the point, and after it: a double represents 15 exactly (RFC 8259, section 6). */
const MAX_DIGITS = 15;
const MAX_STATES = 20_000;

export type NumberBound = { value: number; exclusive: boolean };
export type NumberRange = {
  integer: boolean;
  least?: NumberBound;
  most?: NumberBound;
  /** A positive integer, or a negative power of ten. */
  multipleOf?: number;
};

/** A JSON number within the range; undefined where the automaton would be too large. */
export function jsonNumber(arena: Arena, range: NumberRange): Expression | undefined {
  if (!range.least && !range.most && range.multipleOf === undefined) return anyNumber(arena, range.integer);
  const { least, most } = range;
  const positive = magnitude(range, least && least.value >= 0 ? least : undefined, most);
  const negated = (bound: NumberBound): NumberBound => ({ ...bound, value: -bound.value });
  // The negative half leaves zero to the positive one: there is no "-0".
  const aboveZero = { value: 0, exclusive: true };
  const negative = magnitude(
    range,
    most && most.value < 0 ? negated(most) : aboveZero,
    least ? negated(least) : undefined,
  );
  if (!positive || !negative) return undefined;
  const [withoutSign, withSign] = [positive, negative].map((of) =>
    of === 'nothing' ? arena.empty : arena.automaton(of, 0),
  );
  return arena.alternatives([withoutSign ?? arena.empty, arena.sequence(literal(arena, '-'), withSign ?? arena.empty)]);
}

function anyNumber(arena: Arena, integer: boolean): Expression {
  const digit = arena.bytes(byteSet([[0x30, 0x39]]));
  const some = (text: Expression) => arena.repeat(text, 0, 1);
  const whole = arena.alternatives([
    literal(arena, '0'),
    arena.sequence(arena.bytes(byteSet([[0x31, 0x39]])), arena.repeat(digit, 0, MAX_DIGITS - 1)),
  ]);
  const signed = arena.sequence(some(literal(arena, '-')), whole);
  if (integer) return signed;
  const fraction = arena.sequence(literal(arena, '.'), arena.repeat(digit, 1, MAX_DIGITS));
  const sign = arena.alternatives([literal(arena, '+'), literal(arena, '-'), arena.epsilon]);
  const letter = arena.alternatives([literal(arena, 'e'), literal(arena, 'E')]);
  return sequenceOf(arena, signed, some(fraction), some(sequenceOf(arena, letter, sign, arena.repeat(digit, 1, 2))));
}

/** What is known about the digits read so far: how they compare with each bound, and their remainder. */
type Reading = {
  phase: 'start' | 'zero' | 'whole' | 'point' | 'fraction';
  digits: number;
  low: number;
  high: number;
  remainder: number;
};
type Bound = { whole: string; fraction: string; exclusive: boolean };

/**
 * Numbers without a sign from `least` to `most`; 'nothing' if there are none, undefined if there are too many states.
 */
function magnitude(
  range: NumberRange,
  least?: NumberBound,
  most?: NumberBound,
): NumberAutomaton | 'nothing' | undefined {
  if (most && most.value < 0) return 'nothing';
  const lower = least && decimal(least);
  const upper = most && decimal(most);
  const modulus = range.multipleOf !== undefined && range.multipleOf >= 1 ? range.multipleOf : 1;
  const places = fractionPlaces(range, lower, upper);

  function next(reading: Reading, byte: number): Reading | undefined {
    const { phase, digits } = reading;
    if (byte === 0x2e) {
      if (places === 0 || (phase !== 'zero' && phase !== 'whole')) return undefined;
      return { ...reading, phase: 'point', digits: 0, ...settled(reading) };
    }
    const digit = byte - 0x30;
    if (digit < 0 || digit > 9 || phase === 'zero') return undefined;
    const fraction = phase === 'point' || phase === 'fraction';
    if (digits >= (fraction ? places : MAX_DIGITS)) return undefined;
    const compared = (so: number, bound: Bound | undefined): number => {
      if (so !== 0 || !bound) return so;
      return Math.sign(digit - Number((fraction ? bound.fraction : bound.whole)[digits] ?? '0'));
    };
    const wholePhase = phase === 'start' && digit === 0 ? 'zero' : 'whole';
    return {
      phase: fraction ? 'fraction' : wholePhase,
      digits: digits + 1,
      low: compared(reading.low, lower),
      high: compared(reading.high, upper),
      remainder: (reading.remainder * 10 + digit) % modulus,
    };
  }

  /** When the whole part ends, its length decides before its digits do. */
  function settled(reading: Reading): { low: number; high: number } {
    const against = (so: number, bound: Bound | undefined): number =>
      bound && reading.digits !== bound.whole.length ? Math.sign(reading.digits - bound.whole.length) : so;
    return { low: against(reading.low, lower), high: against(reading.high, upper) };
  }

  function accepts(reading: Reading): boolean {
    if (reading.phase === 'start' || reading.phase === 'point' || reading.remainder !== 0) return false;
    const inFraction = reading.phase === 'fraction';
    const { low, high } = inFraction ? reading : settled(reading);
    const final = (so: number, bound: Bound): number =>
      so === 0 && /[1-9]/.test(bound.fraction.slice(inFraction ? reading.digits : 0)) ? -1 : so;
    const above = !lower || final(low, lower) > 0 || (final(low, lower) === 0 && !lower.exclusive);
    return above && (!upper || final(high, upper) < 0 || (final(high, upper) === 0 && !upper.exclusive));
  }

  const start: Reading = { phase: 'start', digits: 0, low: 0, high: 0, remainder: 0 };
  const name = JSON.stringify([range.integer, range.multipleOf ?? 0, least ?? 0, most ?? 0]);
  return explore(name, start, { next, accepts });
}

/**
 * The number of digits after the point: with bounds, no more than a double needs to distinguish the number from them.
 */
function fractionPlaces(range: NumberRange, lower: Bound | undefined, upper: Bound | undefined): number {
  if (range.integer || (range.multipleOf !== undefined && range.multipleOf >= 1)) return 0;
  if (range.multipleOf !== undefined) return Math.round(-Math.log10(range.multipleOf));
  const whole = Math.max(lower?.whole.length ?? 1, upper?.whole.length ?? 1);
  return Math.max(1, Math.min(upper ? MAX_DIGITS : 6, MAX_DIGITS - whole));
}

/** The bound's digits without exponent, as many before the point as a number may have here. */
function decimal({ value, exclusive }: NumberBound): Bound {
  const [digits = '0', exponent = '0'] = String(value).split('e');
  const [whole = '0', fraction = ''] = digits.split('.');
  const shift = Number(exponent);
  if (shift > 0)
    return { whole: (whole + fraction.padEnd(shift, '0')).slice(0, whole.length + shift), fraction: '', exclusive };
  if (shift === 0) return { whole, fraction, exclusive };
  return { whole: '0', fraction: '0'.repeat(-shift - 1) + whole + fraction, exclusive };
}

/** All states that can be reached and can still reach an accepting state. */
function explore(
  name: string,
  start: Reading,
  {
    next,
    accepts,
  }: { next: (reading: Reading, byte: number) => Reading | undefined; accepts: (reading: Reading) => boolean },
): NumberAutomaton | 'nothing' | undefined {
  const numbers = new Map<string, number>([[JSON.stringify(start), 0]]);
  const readings = [start];
  const edges: Array<Map<number, number>> = [];
  for (let state = 0; state < readings.length; state += 1) {
    const out = new Map<number, number>();
    for (const byte of [0x2e, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39]) {
      const reading = readings[state];
      const reached = reading && next(reading, byte);
      if (!reached) continue;
      const key = JSON.stringify(reached);
      const known = numbers.get(key) ?? readings.push(reached) - 1;
      numbers.set(key, known);
      out.set(byte, known);
    }
    edges.push(out);
    if (readings.length > MAX_STATES) return undefined;
  }
  const accepting = readings.map(accepts);
  const living = livingStates(edges, accepting);
  if (!living[0]) return 'nothing';
  const kept = edges.map((out) => new Map([...out].filter(([, target]) => living[target])));
  return { name, accepts: accepting, next: kept };
}

function livingStates(edges: ReadonlyArray<ReadonlyMap<number, number>>, accepting: readonly boolean[]): boolean[] {
  const sources = edges.map((): number[] => []);
  edges.forEach((out, source) => {
    for (const target of out.values()) sources[target]?.push(source);
  });
  const living = edges.map(() => false);
  const open = accepting.flatMap((accepts, state) => (accepts ? [state] : []));
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    if (living[state]) continue;
    living[state] = true;
    open.push(...(sources[state] ?? []));
  }
  return living;
}
