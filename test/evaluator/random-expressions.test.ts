import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { expect, it } from 'vitest';
import { expressionAtEnd } from '../../src/evaluator/arithmetic.ts';
import { evaluate } from '../../src/evaluator/evaluate.ts';

/** Numerator and denominator, never reduced; `undefined` for no value. */
type Ratio = readonly [bigint, bigint] | undefined;
/** An expression, its value, and how tightly its outermost operator binds: sum 1, product 2, minus 3, power 4, number 5. */
type Expression = { text: string; value: Ratio; binds: number };

const absolute = (value: bigint) => (value < 0n ? -value : value);
const upright = ([n, d]: readonly [bigint, bigint]): Ratio => (d === 0n ? undefined : d < 0n ? [-n, -d] : [n, d]);
const floor = (n: bigint, d: bigint) => (n - (((n % d) + d) % d)) / d;

const operations: Record<string, (a: readonly [bigint, bigint], b: readonly [bigint, bigint]) => Ratio> = {
  '+': ([a, b], [c, d]) => [a * d + c * b, b * d],
  '-': ([a, b], [c, d]) => [a * d - c * b, b * d],
  '×': ([a, b], [c, d]) => [a * c, b * d],
  '÷': ([a, b], [c, d]) => upright([a * d, b * c]),
  mod: ([a, b], [c, d]) => {
    const quotient = upright([a * d, b * c]);
    return quotient && [a * d - c * b * floor(...quotient), b * d];
  },
};

/** Long division: digit by digit, at most six behind the point. */
function written(value: Ratio): string | undefined {
  if (!value) return undefined;
  const [n, d] = [absolute(value[0]), value[1]];
  let [rest, decimals] = [n % d, ''];
  while (rest > 0n && decimals.length < 7) {
    decimals += String((rest * 10n) / d);
    rest = (rest * 10n) % d;
  }
  if (decimals.length > 6) return undefined;
  return `${value[0] < 0n ? '-' : ''}${n / d}${decimals === '' ? '' : `.${decimals}`}`;
}

const isLarge = (value: Ratio) => value?.some((part) => String(part).length > 55) ?? false;

function generatorOf(seed: number) {
  const random = xoroshiro128plus(seed);
  const below = (end: number) => uniformInt(random, 0, end - 1);
  const pick = <T>(first: T, ...others: T[]): T => others[below(others.length + 1) - 1] ?? first;
  const bracketed = ({ text, value, binds }: Expression, least: number): string =>
    binds < least || (value !== undefined && below(8) === 0) ? `(${text})` : text;

  function literal(): Expression {
    const integer = BigInt(below(pick(10, 100, 5000)));
    if (below(4) > 0) {
      const commas = integer >= 1000n && below(2) === 0;
      const digits = String(integer);
      return { text: commas ? `${digits.slice(0, -3)},${digits.slice(-3)}` : digits, value: [integer, 1n], binds: 5 };
    }
    const decimals = BigInt(below(100));
    const text = `${integer}.${String(decimals).padStart(2, '0')}`;
    return { text: below(5) === 0 ? `$${text}` : text, value: [integer * 100n + decimals, 100n], binds: 5 };
  }

  /** Far from the bound of 120 digits, which other tests look at. */
  function small(depth: number): Expression {
    const found = expression(below(depth));
    return isLarge(found.value) ? literal() : found;
  }

  function expression(depth: number): Expression {
    if (depth === 0) return literal();
    const kind = below(8);
    const left = small(depth);
    if (kind === 0) {
      const negated: Ratio = left.value && [-left.value[0], left.value[1]];
      return { text: `${pick('-', '−')}${bracketed(left, 4)}`.replace(/^([-−])\$/, '$1'), value: negated, binds: 3 };
    }
    if (kind === 1) {
      const exponent = below(5);
      const base = left.value;
      const value: Ratio =
        base && !(base[0] === 0n && exponent === 0)
          ? [base[0] ** BigInt(exponent), base[1] ** BigInt(exponent)]
          : undefined;
      return { text: `${bracketed(left, 5)}^${exponent}`, value, binds: 4 };
    }
    const operator = kind < 5 ? pick('+', '-') : pick('×', '÷', 'mod');
    const binds = kind < 5 ? 1 : 2;
    const right = small(depth);
    const space = operator === 'mod' || below(3) > 0 ? ' ' : '';
    const value = left.value && right.value && operations[operator]?.(left.value, right.value);
    return { text: `${bracketed(left, binds)}${space}${operator}${space}${bracketed(right, binds + 1)}`, value, binds };
  }
  return {
    expression: () => expression(1 + below(5)),
    behind: () => pick('', 'So ', '- ', '3. ', 'x = ', 'Left: ', '(', 'a, "'),
  };
}

it('gives random expressions the value of an independent evaluation', () => {
  const { expression, behind } = generatorOf(17);
  const wrong: unknown[] = [];
  let [compared, valued] = [0, 0];
  for (let round = 0; round < 1200; round++) {
    const { text, value, binds } = expression();
    // A number alone, or negated, is nothing to compute.
    if (!/[\d)]\s*([-+×÷^−]|mod)/.test(text) || text.length > 480 || isLarge(value)) continue;
    const line = behind() + text;
    const [expected, found, exact] = [written(value), evaluate(line), expressionAtEnd(text)?.value];
    const same = value ? exact && exact.numerator * value[1] === value[0] * exact.denominator : !exact;
    if (found !== expected || !same) wrong.push({ line, binds, expected, found });
    compared += 1;
    if (expected !== undefined) valued += 1;
  }
  expect(wrong).toEqual([]);
  expect(compared).toBeGreaterThan(600);
  expect(valued).toBeGreaterThan(280);
});
