import Fraction from 'fraction.js';

export type { Fraction };

const plain = /^[\d.+\-*/^()\s]+$/;
/** A power can take forever: `9^9^9`. */
const largePower = /\^\s*\(?-?\s*\d{3,}|\^[^^]*\^/;
const largestExponent = 999;
const token = /(?:\d+(?:\.(?![*/^])\d*)?|\.\d+)|[-+*/^()]/g;

/**
 * The exact value of an expression of plain numbers with + - * / ^ and brackets; undefined if it is not such an
 * expression or has no exact value (a division by zero, a root). `2(3 + 4)` is a product.
 */
export function exactValue(expression: string): Fraction | undefined {
  if (!plain.test(expression) || !/\d/.test(expression) || largePower.test(expression) || expression.length > 500) {
    return undefined;
  }
  const isRead = expression.replace(token, '').trim() === '';
  return isRead ? computed(expression.match(token) ?? []) : undefined;
}

/** Precedence, lowest first: `+ -`, then `* /` and products without a sign, then signs, then `^` from right to left. */
function computed(tokens: readonly string[]): Fraction | undefined {
  let next = 0;
  const take = (...allowed: string[]): string | undefined =>
    allowed.includes(tokens[next] ?? '') ? tokens[next++] : undefined;
  const sum = (): Fraction => {
    let value = product();
    for (let sign = take('+', '-'); sign; sign = take('+', '-')) {
      value = sign === '+' ? value.add(product()) : value.sub(product());
    }
    return value;
  };
  const product = (): Fraction => {
    let value = signed();
    while (next < tokens.length) {
      if (take('*')) value = value.mul(signed());
      else if (take('/')) value = value.div(signed());
      else if (tokens[next] === '(' || (tokens[next - 1] === ')' && /[\d.]/.test(tokens[next] ?? '')))
        value = value.mul(raised());
      else break;
    }
    return value;
  };
  const signed = (): Fraction => (take('-') ? signed().neg() : raised());
  const raised = (): Fraction => {
    const base = operand();
    return take('^') ? power(base, signed()) : base;
  };
  const operand = (): Fraction => {
    if (take('(')) {
      const value = sum();
      if (!take(')')) throw new Error('a bracket is open');
      return value;
    }
    const text = tokens[next++] ?? '';
    if (!/\d/.test(text)) throw new Error('a number is missing');
    return new Fraction(text);
  };
  try {
    const value = sum();
    return next === tokens.length ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @throws Error where there is no exact value, or a very long one */
function power(base: Fraction, exponent: Fraction): Fraction {
  const value = exponent.abs().compare(largestExponent) > 0 ? null : base.pow(exponent);
  if (value === null) throw new Error('no exact value');
  return value;
}

/** The nearest number. `Number` alone cannot convert a numerator and a denominator of hundreds of digits. */
export function decimalOf(value: Fraction): number {
  const excess = BigInt(Math.max(0, Math.min(String(value.n).length, String(value.d).length) - 30));
  return (Number(value.s) * Number(value.n / 10n ** excess)) / Number(value.d / 10n ** excess);
}
