import type { FactoryFunctionMap, Fraction } from 'mathjs';
import * as mathjs from 'mathjs';

/** Only what an expression of numbers needs: no functions, assignments or units; every number is an exact fraction. */
const math = mathjs.create(
  ['add', 'divide', 'fraction', 'multiply', 'parse', 'pow', 'subtract', 'unaryMinus'].reduce<FactoryFunctionMap>(
    (factories, name) => Object.assign(factories, Reflect.get(mathjs, `${name}Dependencies`)),
    {},
  ),
  { number: 'Fraction' },
);

const plain = /^[\d.+\-*/^()\s]+$/;
/** A power can take forever: `9^9^9`. */
const largePower = /\^\s*\(?-?\s*\d{3,}|\^[^^]*\^/;

/**
 * The exact value of an expression of plain numbers with + - * / ^ and brackets; undefined if it is not such an
 * expression or has no exact value (a division by zero, a root).
 */
export function exactValue(expression: string): Fraction | undefined {
  if (!plain.test(expression) || !/\d/.test(expression) || largePower.test(expression) || expression.length > 500) {
    return undefined;
  }
  try {
    const value: unknown = math.parse(expression).evaluate({});
    return math.isFraction(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The nearest number. `Number` alone cannot convert a numerator and a denominator of hundreds of digits. */
export function decimalOf(value: Fraction): number {
  const excess = BigInt(Math.max(0, Math.min(String(value.n).length, String(value.d).length) - 30));
  return (Number(value.s) * Number(value.n / 10n ** excess)) / Number(value.d / 10n ** excess);
}
