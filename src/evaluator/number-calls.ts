import {
  type Argument,
  type EvaluateCall,
  numbersOf,
  parseNumber,
  textsOf,
  type WrittenNumber,
  wholeOf,
} from './call-arguments.ts';
import { add, compare, divide, type Fraction, whole, writeDecimal } from './fraction.ts';
import { sortWords } from './word-calls.ts';

type Numbers = readonly [WrittenNumber, ...WrittenNumber[]];

const ofNumbers =
  (evaluate: (numbers: Numbers) => string | undefined): EvaluateCall =>
  (given) => {
    const numbers = numbersOf(given);
    return numbers && evaluate(numbers);
  };

function total(numbers: Numbers): Fraction | undefined {
  return numbers.reduce<Fraction | undefined>((sum, { value }) => sum && add(sum, value), whole(0n));
}

/** The numbers in ascending order, spelled as given. */
function rising(numbers: Numbers): string[] {
  return [...numbers].sort((a, b) => compare(a.value, b.value)).map(({ written }) => written);
}

export const max = ofNumbers((numbers) => rising(numbers).at(-1));
export const min = ofNumbers((numbers) => rising(numbers).at(0));
export const sum = ofNumbers((numbers) => {
  const found = total(numbers);
  return found && writeDecimal(found);
});
export const mean = ofNumbers((numbers) => {
  const sum = total(numbers);
  const found = sum && divide(sum, whole(BigInt(numbers.length)));
  return found && writeDecimal(found);
});

export const sort: EvaluateCall = (given) => {
  const words = textsOf(given);
  const numbers = numbersOf(given);
  return words ? sortWords(words) : numbers && rising(numbers).join(', ');
};

const conditions: readonly [RegExp, (value: Fraction, bound: Fraction) => boolean | undefined][] = [
  [/^even$/, (value) => isOdd(value, false)],
  [/^odd$/, (value) => isOdd(value, true)],
  [/^over (\S+)$/, (value, bound) => compare(value, bound) > 0],
  [/^under (\S+)$/, (value, bound) => compare(value, bound) < 0],
];

/** Undefined for a number that is not whole: it is neither odd nor even. */
function isOdd(value: Fraction, sought: boolean): boolean | undefined {
  const found = wholeOf(value);
  return found === undefined ? undefined : (found % 2n !== 0n) === sought;
}

/** `over` and `under` are strict. */
export const countIf: EvaluateCall = ([condition, ...given]: readonly Argument[]) => {
  const numbers = numbersOf(given);
  if (condition?.kind !== 'text' || !numbers) return undefined;
  for (const [pattern, holds] of conditions) {
    const match = pattern.exec(condition.text);
    const bound = match && (match[1] === undefined ? whole(0n) : parseNumber(match[1]));
    if (!bound) continue;
    const found = numbers.map(({ value }) => holds(value, bound));
    return found.includes(undefined) ? undefined : String(found.filter(Boolean).length);
  }
  return undefined;
};

/** With these bases the Miller-Rabin test is exact below `largestTested` (Sorenson and Webster, 2015). */
const bases = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n, 41n];
const largestTested = 3_317_044_064_679_887_385_961_981n;

export const isPrime: EvaluateCall = (given) => {
  const [only] = given;
  const tested = given.length === 1 && only?.kind === 'number' ? wholeOf(only.value) : undefined;
  return tested === undefined || tested >= largestTested ? undefined : primality(tested) ? 'yes' : 'no';
};

function primality(tested: bigint): boolean {
  if (tested < 2n) return false;
  const divisor = bases.find((base) => tested % base === 0n);
  if (divisor !== undefined) return tested === divisor;
  let [odd, twos] = [tested - 1n, 0];
  for (; odd % 2n === 0n; odd /= 2n) twos += 1;
  return bases.every((base) => {
    let value = modularPower(base, odd, tested);
    if (value === 1n) return true;
    for (let squared = 0; squared < twos; squared++) {
      if (value === tested - 1n) return true;
      value = (value * value) % tested;
    }
    return false;
  });
}

function modularPower(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let rest = exponent; rest > 0n; rest /= 2n) {
    if (rest % 2n === 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}
