import { add, divide, type Fraction, modulo, multiply, negate, parseDecimal, power, subtract } from './fraction.ts';

type Operator = '+' | '-' | '*' | '/' | '^' | 'mod';
type Token = { readonly at: number; readonly end: number } & (
  | { readonly kind: 'number'; readonly value: Fraction }
  | { readonly kind: 'operator'; readonly operator: Operator }
  | { readonly kind: 'open' | 'close' | 'other' }
);

const longestExpression = 500;
const deepestNesting = 32;
const mostDigits = 60;

/** One piece of text: a hexadecimal prefix, a number, a word, or a single character. */
const piece = /0x[\da-f]|[$€£¥₩₹]?(?:\d|[.,](?=\d))+|\p{L}+|\S/giu;
/** `7`, `1,200`, `3.5`, `.45`, `$5`. Leading zeros, decimal commas, versions and dates are not numbers. */
const number = /^[$€£¥₩₹]?((?:0|[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d*)(?:\.\d+)?|\.\d+)$/;
const operators = new Map<string, Operator>([
  ['+', '+'],
  ['-', '-'],
  ['−', '-'],
  ['*', '*'],
  ['×', '*'],
  ['x', '*'],
  ['/', '/'],
  ['÷', '/'],
  ['^', '^'],
  ['mod', 'mod'],
]);

function tokenOf(text: string, at: number): Token {
  const place = { at, end: at + text.length };
  if (text === '(') return { ...place, kind: 'open' };
  if (text === ')') return { ...place, kind: 'close' };
  const operator = operators.get(text);
  if (operator) return { ...place, kind: 'operator', operator };
  const digits = number.exec(text)?.[1]?.replaceAll(',', '');
  if (digits === undefined || digits.length > mostDigits) return { ...place, kind: 'other' };
  return { ...place, kind: 'number', value: parseDecimal(digits) };
}

function tokenise(text: string): Token[] {
  return [...text.matchAll(piece)].map((match) => tokenOf(match[0], match.index));
}

const endsOperand = (token: Token | undefined) => token?.kind === 'number' || token?.kind === 'close';
const startsOperand = (token: Token | undefined) => token?.kind === 'number' || token?.kind === 'open';

/** A minus sign that does not follow an operand and directly precedes the operand that it negates. */
function isNegation(before: Token | undefined, token: Token, after: Token | undefined): boolean {
  return (
    token.kind === 'operator' &&
    token.operator === '-' &&
    !endsOperand(before) &&
    startsOperand(after) &&
    token.end === after?.at
  );
}

/**
 * The start of the longest suffix of `tokens` that is an expression. Brackets must balance, and each token must be
 * allowed after the one before it, so one pass from the right finds it.
 */
function startOfExpression(tokens: readonly Token[]): number | undefined {
  let [start, depth, binary]: [number | undefined, number, boolean] = [undefined, 0, false];
  let hasOperator = false;
  for (let index = tokens.length - 1; index >= 0; index--) {
    const [before, token, after] = [tokens[index - 1], tokens[index], tokens[index + 1]];
    if (!token || token.kind === 'other') break;
    const negation = isNegation(before, token, after);
    const operandFollows = startsOperand(after) || (after !== undefined && !binary && after.kind === 'operator');
    const fits = endsOperand(token)
      ? after === undefined || after.kind === 'close' || (after.kind === 'operator' && binary)
      : negation
        ? startsOperand(after)
        : operandFollows;
    if (!fits) break;
    if (token.kind === 'close') depth += 1;
    if (token.kind === 'open') depth -= 1;
    if (depth < 0 || depth > deepestNesting) break;
    binary = token.kind === 'operator' && !negation;
    hasOperator ||= binary;
    if (depth === 0 && hasOperator && (startsOperand(token) || negation)) start = index;
  }
  return start;
}

/**
 * The longest suffix of `text` that is an expression with an operator: its start, and its exact value. The value is
 * undefined if there is none (a division by zero) or if it exceeds a limit.
 */
export function expressionAtEnd(text: string): { at: number; value: Fraction | undefined } | undefined {
  const tokens = tokenise(text);
  const start = startOfExpression(tokens);
  const first = start === undefined ? undefined : tokens[start];
  if (start === undefined || !first) return undefined;
  const tooLong = text.length - first.at > longestExpression;
  return { at: first.at, value: tooLong ? undefined : computed(tokens.slice(start)) };
}

/** Precedence, lowest first: `+ -`, then `* / mod`, then the negating minus, then `^` from right to left. */
function computed(tokens: readonly Token[]): Fraction | undefined {
  let next = 0;
  const take = (...allowed: Operator[]): Operator | undefined => {
    const token = tokens[next];
    if (token?.kind !== 'operator' || !allowed.includes(token.operator)) return undefined;
    next += 1;
    return token.operator;
  };
  const leftToRight = (operand: () => Fraction | undefined, ...allowed: Operator[]): Fraction | undefined => {
    let value = operand();
    for (let operator = take(...allowed); value && operator; operator = take(...allowed)) {
      const right = operand();
      value = right && apply(operator, value, right);
    }
    return value;
  };
  const sum = (): Fraction | undefined => leftToRight(product, '+', '-');
  const product = (): Fraction | undefined => leftToRight(signed, '*', '/', 'mod');
  const signed = (): Fraction | undefined => {
    if (!take('-')) return raised();
    const value = signed();
    return value && negate(value);
  };
  const raised = (): Fraction | undefined => {
    const base = operand();
    if (!base || !take('^')) return base;
    const exponent = signed();
    return exponent && power(base, exponent);
  };
  const operand = (): Fraction | undefined => {
    const token = tokens[next++];
    if (token?.kind === 'number') return token.value;
    const value = token?.kind === 'open' ? sum() : undefined;
    next += 1;
    return value;
  };
  const value = sum();
  return next >= tokens.length ? value : undefined;
}

function apply(operator: Operator, left: Fraction, right: Fraction): Fraction | undefined {
  switch (operator) {
    case '+':
      return add(left, right);
    case '-':
      return subtract(left, right);
    case '*':
      return multiply(left, right);
    case '/':
      return divide(left, right);
    case 'mod':
      return modulo(left, right);
    case '^':
      return power(left, right);
    default:
      return operator satisfies never;
  }
}
