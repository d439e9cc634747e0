import { type Fraction, negate, parseDecimal } from './fraction.ts';

/** A number with its spelling in the call, such as `16.710`. */
export interface WrittenNumber {
  readonly written: string;
  readonly value: Fraction;
}
type Plain = { readonly kind: 'text'; readonly text: string } | ({ readonly kind: 'number' } & WrittenNumber);
/** `"word"`, `12`, or a string with something added to it: `"Tuesday" + 10`. */
export type Argument = Plain | { readonly kind: 'sum'; readonly text: string; readonly added: Plain };

/** Undefined if the arguments have the wrong kind, or the call has no value. */
export type EvaluateCall = (given: readonly Argument[]) => string | undefined;

const mostDigits = 60;
const separator = /,(?:\s+|(?!\s|\d{3}(?!\d)))/y;
const argument = /("[^"“”()[\]{}]*"|[-−]?[\d.]+)(?:\s*\+\s*("[^"“”()[\]{}]*"|[-−]?[\d.]+))?\s*/y;
const decimal = /^([-−]?)((?:0|[1-9]\d*)(?:\.\d+)?|\.\d+)$/;
const unreadable = /[\p{Cc}\p{Cs}]/u;

/**
 * The arguments between a call's brackets. Undefined if one cannot be read. A comma between a digit and three digits
 * could be a thousands separator, so there it separates arguments only if a space follows.
 */
export function parseArguments(text: string): Argument[] | undefined {
  const found: Argument[] = [];
  const given = text.trim();
  for (let at = 0; at < given.length || found.length === 0; ) {
    if (found.length > 0) {
      separator.lastIndex = at;
      if (!separator.test(given)) return undefined;
      at = separator.lastIndex;
    }
    argument.lastIndex = at;
    const match = argument.exec(given);
    const [first, added] = [plainArgument(match?.[1]), plainArgument(match?.[2])];
    if (!first || (match?.[2] !== undefined && !added)) return undefined;
    if (added && first.kind === 'number') return undefined;
    found.push(added && first.kind === 'text' ? { kind: 'sum', text: first.text, added } : first);
    at = argument.lastIndex;
  }
  return found;
}

function plainArgument(written: string | undefined): Plain | undefined {
  if (written === undefined) return undefined;
  if (!written.startsWith('"')) {
    const value = parseNumber(written);
    return value && { kind: 'number', written: written.replace('−', '-'), value };
  }
  // A word has no spaces at its ends, but token-based models may write one there: `letters(" word")`.
  const text = written.slice(1, -1).normalize('NFC').trim();
  return text === '' || unreadable.test(text) ? undefined : { kind: 'text', text };
}

/** A plain number with an optional minus, without thousands separators and leading zeros, of at most 60 digits. */
export function parseNumber(written: string): Fraction | undefined {
  const [, minus, digits] = decimal.exec(written) ?? [];
  if (digits === undefined || digits.length > mostDigits) return undefined;
  return minus ? negate(parseDecimal(digits)) : parseDecimal(digits);
}

/** All arguments as numbers. Undefined if there are none, or one is a string. */
export function numbersOf(given: readonly Argument[]): readonly [WrittenNumber, ...WrittenNumber[]] | undefined {
  const [first, ...rest] = given.flatMap((each) => (each.kind === 'number' ? [each] : []));
  return first && rest.length + 1 === given.length ? [first, ...rest] : undefined;
}

/** All arguments as strings. Undefined if there are none, or one is a number. */
export function textsOf(given: readonly Argument[]): [string, ...string[]] | undefined {
  const [first, ...rest] = given.flatMap((each) => (each.kind === 'text' ? [each.text] : []));
  return first !== undefined && rest.length + 1 === given.length ? [first, ...rest] : undefined;
}

export function wholeOf(value: Fraction): bigint | undefined {
  return value.denominator === 1n ? value.numerator : undefined;
}
