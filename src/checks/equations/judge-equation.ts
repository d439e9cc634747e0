import { conversionFactors, isLetterUnit, isMeasureWord, isScaleWord } from '../../answers/units.ts';
import { decimalOf, exactValue, type Fraction } from '../../evaluator/exact-arithmetic.ts';
import type { Reading } from './side-values.ts';

export type Equation = {
  verdict: 'pass' | 'fail' | 'abstain';
  left: string;
  right: string;
  /** What should stand on the right, where the left side has one value that can be written out. */
  exact?: string;
};

/** A number that begins with 0 is one of a date or a clock. */
const padded = /(?<![\d.])0\d/;

/** `cut`: what is on the right may not be the whole result. */
export function judge(left: Reading, right: Reading, cut: boolean): Equation {
  const equation = (verdict: Equation['verdict']): Equation => ({ verdict, left: left.text, right: right.text });
  if (left.values.length === 0 || right.values.length === 0) return equation('abstain');
  if (left.values.some((a) => right.values.some((b) => a.equals(b)))) return equation('pass');
  const isNearly = (a: Fraction, b: Fraction): boolean =>
    a.equals(b) || rounded(a, right, b) || rounded(b, left, a) || isNear(a, left, b, right);
  const rights = [...right.values, ...right.others];
  if (cut || [...left.values, ...left.others].some((a) => rights.some((b) => isNearly(a, b))))
    return equation('abstain');
  if (converts(left, right) || holdsUnknowns(left, right) || holdsGrouped(left, right)) return equation('abstain');
  if (ofAnotherWhole(left, right) || [left, right].some(meansOther) || padded.test(left.text))
    return equation('abstain');
  const exact = left.values.length === 1 ? String(left.values[0]) : '';
  return { ...equation('fail'), ...(/^-?\d+(\.\d{1,4})?$/.test(exact) ? { exact } : {}) };
}

/** A part of the value that reckoning with rounded numbers may add or take. */
const slack = 1e-3;
/** What floating point adds. */
const noise = 1e-9;

/**
 * True where the sides differ by no more than rounded numbers make: the result has fewer decimals than the exact value, or
 * decimals of an expression stand for longer ones (`56 × 3/7 = 56 × 0.42857`).
 */
function isNear(a: Fraction, left: Reading, b: Fraction, right: Reading): boolean {
  const apart = Math.abs(decimalOf(a.sub(b)));
  const size = Math.max(Math.abs(decimalOf(a)), Math.abs(decimalOf(b)));
  if (apart <= size * noise) return true;
  const decimals = /^-? ?\d+\.(\d+)$/.exec(right.text)?.[1]?.length ?? 0;
  // Sums are not rounded: `18087 - 9979 = 8100` is wrong.
  const zeros = /[*/^]/.test(left.text) ? (/^-? ?[1-9]\d*?(0{3,})$/.exec(right.text)?.[1]?.length ?? 0) : 0;
  const shown = decimals > 0 ? 10 ** decimals : 1 / 10 ** zeros;
  const isCut = right.lone && (decimals > 0 || zeros > 0) && a.mul(shown).d !== 1n;
  if (isCut && apart <= size * slack) return true;
  // Whole numbers may be what is left of a division: `54 + 77 / 2 = 54 + 38`.
  const isWhole = b.d === 1n && !/[./]/.test(right.text);
  if (a.d !== 1n && left.text.includes('/') && isWhole && apart < 1) return true;
  return apart <= looseness(left, 4) + looseness(right, right.lone ? 4 : 1);
}

/** `3.333` */
const repeating = /([1-9])\1\1$/;

/** What `toFixed` takes. */
const mostDecimals = 100;

/** By how much the value changes if each number with as many decimals or more may be one off in its last place. */
function looseness({ text, values }: Reading, least: number): number {
  const [value] = values;
  if (value === undefined) return 0;
  let sum = 0;
  for (const { 0: number, 1: decimals = '', index } of text.matchAll(/(?<![\d.])\d+\.(\d+)/g)) {
    if (decimals.length > mostDecimals || (decimals.length < least && !repeating.test(decimals))) continue;
    const moved = (Number(number) + 10 ** -decimals.length).toFixed(decimals.length);
    const other = exactValue(text.slice(0, index) + moved + text.slice(index + number.length));
    if (other !== undefined) sum += Math.abs(decimalOf(other.sub(value)));
  }
  return sum;
}

/** True where a letter behind the numbers may be an unknown: `3m + 20 - 2m = 27`; not in `5 m + 3 m = 9 m`. */
function holdsUnknowns(left: Reading, right: Reading): boolean {
  const units = [...left.units, ...right.units];
  if (!units.some(isLetterUnit)) return false;
  const numbers = `${left.text} ${right.text}`.match(/[\d.]+/g) ?? [];
  return new Set(units).size > 1 || units.length < numbers.length || /[(^]/.test(left.text + right.text);
}

/** True where one side is wholly in percent: `48 = 100% + 20%` of something; a number such as 0.7 is of the same whole. */
function ofAnotherWhole(left: Reading, right: Reading): boolean {
  if ([left, right].some(({ text }) => /^0?\.\d+$/.test(text))) return false;
  const isWholly = ({ text }: Reading): boolean => text.includes('%') && !/[\d.](?![\d.%])/.test(text);
  return isWholly(left) !== isWholly(right) && !/[*/]/.test(left.text + right.text);
}

/** True where `shown` is `exact` cut or rounded to the digits that it shows. */
export function rounded(exact: Fraction, shown: Reading, value: Fraction): boolean {
  if (!shown.lone) return false;
  const decimals = /\.(\d+)/.exec(shown.text)?.[1]?.length ?? 0;
  const step = exact.sub(exact).add(10).pow(decimals);
  if (step === null) return false;
  return exact.mul(step).d !== 1n && exact.sub(value).abs().mul(step).compare(1) < 0;
}

/** True where the dots are thousands separators, as in German: `1.200 + 300 = 1.500`. */
function holdsGrouped(left: Reading, right: Reading): boolean {
  const [a, b] = [left, right].map(({ text }) =>
    exactValue(text.replace(/(?<![\d.])[1-9]\d{0,2}\.\d{3}(?![\d.])/g, (number) => number.replace('.', ''))),
  );
  return a !== undefined && b !== undefined && a.equals(b);
}

/**
 * True where the sides may differ by a conversion: `1 hour = 60 minutes`, `5 km + 300 m = 5300 m`, `1 box = 12 eggs`,
 * `40 nickels = 40 × 0.05`, `1 red + 2 clear = 20 + 40`.
 */
function converts(left: Reading, right: Reading): boolean {
  const units = [...left.units, ...right.units];
  if (left.lone && (left.units.length > 0 || isOfDigits(left, right))) return true;
  // `Bernard: 5 = 12 + 5 = 17` counts on.
  if (left.lone && right.text.split(/ [+-] /).includes(left.text)) return true;
  if (units.some((unit) => directions.test(unit)) || isTurn(left, right, units)) return true;
  if (left.lone && right.lone) return units.length > 0;
  if (new Set(left.units).size > 1 && !/[*/]/.test(left.text)) {
    if (!right.lone || (right.units.some(isMeasureWord) && !left.units.some(isMeasureWord))) return true;
  }
  const measured = new Set(units.filter(isMeasureWord).map((unit) => unit.toLowerCase().replace(/s$/, '')));
  if (measured.size > 1) return true;
  const isThousands = ([a]: Fraction[], [b]: Fraction[]): boolean =>
    /^1(?:000)+$/.test(String(b?.n === 0n ? '' : a?.div(b ?? 1)));
  if (units.length > 0 && left.units.join() !== right.units.join()) {
    if (isThousands(left.values, right.values) || isThousands(right.values, left.values)) return true;
  }
  // `90 + 30 = 2 hours`: the minutes go without saying.
  if (measured.size === 0 || (left.units.length > 0 && right.units.length > 0)) return false;
  const isFactor = (a: Fraction, b: Fraction): boolean =>
    conversionFactors.some((factor) => a.equals(b.mul(factor))) || /^10+$/.test(String(a.div(b)));
  return left.values.some((a) =>
    right.values.some((b) => b.n !== 0n && a.n !== 0n && (isFactor(a, b) || isFactor(b, a))),
  );
}

/** `9 steps backward + 9 steps forward = 0 steps` */
const directions = /^(?:forwards?|backwards?|back|left|right|up|down|north|south|east|west)$/i;

/** `360 + 180 degrees = 180 degrees` */
function isTurn(left: Reading, right: Reading, units: readonly string[]): boolean {
  if (!units.some((unit) => /^(?:degrees?|°)$/i.test(unit))) return false;
  return left.values.some((a) => right.values.some((b) => a.sub(b).div(360).d === 1n));
}

/** True where what is added up are the number's digits: `123 = 1 + 2 + 3`. */
function isOfDigits(left: Reading, right: Reading): boolean {
  return /^\d(?: \+ \d)+$/.test(right.text) && right.text.replaceAll(' + ', '') === left.text;
}

/**
 * True where the numbers may mean something else: `2 dozen + 3`, `11 am + 3 hours`, `$50 + 20%`, the date `1/5 + 3 days`.
 */
function meansOther({ text, units }: Reading): boolean {
  if (units.some((unit) => isScaleWord(unit))) return true;
  // `25 / 1/3`
  if (/\/ [\d.]+ \/ /.test(text)) return true;
  if (/%/.test(text) && /[\d)%] [+-]/.test(text) && /\d(?![\d.%])/.test(text)) return true;
  return /\d \/ \d/.test(text) && units.some((unit) => /^(days?|weeks?|months?|years?)$/i.test(unit));
}
