/** An exact number in lowest terms; the denominator is positive. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** The most digits of a numerator or denominator, as many as a written value may have. */
const mostDigits = 120;
const bound = 10n ** BigInt(mostDigits);
const largestExponent = 200n;
const decimalPlaces = 6n;

/** Undefined if a part exceeds the limit. The parts must be in lowest terms already. */
function bounded(numerator: bigint, denominator: bigint): Fraction | undefined {
  return numerator < bound && -numerator < bound && denominator < bound ? { numerator, denominator } : undefined;
}

function digitsOf(value: bigint): number {
  return String(value < 0n ? -value : value).length;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [divisor, rest] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (rest !== 0n) [divisor, rest] = [rest, divisor % rest];
  return divisor;
}

export function whole(value: bigint): Fraction {
  return { numerator: value, denominator: 1n };
}

/** Reads digits with at most one decimal point, such as `12`, `3.50`, `.45`. */
export function parseDecimal(text: string): Fraction {
  const [integer = '', decimals = ''] = text.split('.');
  const [numerator, denominator] = [BigInt(integer + decimals), 10n ** BigInt(decimals.length)];
  const common = greatestCommonDivisor(numerator, denominator);
  return { numerator: numerator / common, denominator: denominator / common };
}

export function negate({ numerator, denominator }: Fraction): Fraction {
  return { numerator: -numerator, denominator };
}

/**
 * Reduces by the common divisor of the denominators (Knuth, TAOCP 4.5.1), so an operation with a small number stays
 * cheap however long the other number is.
 */
export function add(a: Fraction, b: Fraction): Fraction | undefined {
  if (a.denominator === 1n && b.denominator === 1n) return bounded(a.numerator + b.numerator, 1n);
  const shared = greatestCommonDivisor(a.denominator, b.denominator);
  const numerator = a.numerator * (b.denominator / shared) + b.numerator * (a.denominator / shared);
  const common = greatestCommonDivisor(numerator, shared);
  return bounded(numerator / common, (a.denominator / shared) * (b.denominator / common));
}

export function subtract(a: Fraction, b: Fraction): Fraction | undefined {
  return add(a, negate(b));
}

export function multiply(a: Fraction, b: Fraction): Fraction | undefined {
  const first = greatestCommonDivisor(a.numerator, b.denominator);
  const second = greatestCommonDivisor(b.numerator, a.denominator);
  return bounded((a.numerator / first) * (b.numerator / second), (a.denominator / second) * (b.denominator / first));
}

export function divide(a: Fraction, b: Fraction): Fraction | undefined {
  if (b.numerator === 0n) return undefined;
  const sign = b.numerator < 0n ? -1n : 1n;
  return multiply(a, { numerator: sign * b.denominator, denominator: sign * b.numerator });
}

/** `a - b × floor(a ÷ b)`: the sign of the result is the sign of `b`. */
export function modulo(a: Fraction, b: Fraction): Fraction | undefined {
  const quotient = divide(a, b);
  if (!quotient) return undefined;
  const { numerator, denominator } = quotient;
  const truncated = numerator / denominator;
  const floor = truncated * denominator > numerator ? truncated - 1n : truncated;
  const multiple = multiply(whole(floor), b);
  return multiple && subtract(a, multiple);
}

/** Whole exponents from -200 to 200. Undefined for 0^0, for 0 to a negative power, and beyond the limits. */
export function power(base: Fraction, { numerator: exponent, denominator }: Fraction): Fraction | undefined {
  const size = exponent < 0n ? -exponent : exponent;
  if (denominator !== 1n || size > largestExponent || (base.numerator === 0n && exponent <= 0n)) return undefined;
  // A number of d digits is at least 10^(d - 1), so a power that must exceed the limit is not computed.
  const digits = Math.max(digitsOf(base.numerator), digitsOf(base.denominator));
  if ((digits - 1) * Number(size) > mostDigits) return undefined;
  const raised = bounded(base.numerator ** size, base.denominator ** size);
  return raised && exponent < 0n ? divide(whole(1n), raised) : raised;
}

export function compare(a: Fraction, b: Fraction): number {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/**
 * The decimal form of a number with at most six decimals, without trailing zeros or thousands separators; otherwise
 * undefined.
 */
export function writeDecimal({ numerator, denominator }: Fraction): string | undefined {
  const scale = 10n ** decimalPlaces;
  if (scale % denominator !== 0n) return undefined;
  const scaled = (numerator < 0n ? -numerator : numerator) * (scale / denominator);
  const decimals = String(scaled % scale)
    .padStart(Number(decimalPlaces), '0')
    .replace(/0+$/, '');
  return `${numerator < 0n ? '-' : ''}${scaled / scale}${decimals && `.${decimals}`}`;
}
