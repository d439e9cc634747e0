import { conversionFactors, isLetterUnit, isMeasureWord, isScaleWord } from '../../answers/units.ts';
import { decimalOf, exactValue, type Fraction } from '../../evaluator/exact-arithmetic.ts';
import {
  type Context,
  contextOf,
  continuesAfter,
  continuesBefore,
  isUnstated,
  startsOption,
} from './equation-context.ts';
import { type EquationToken, equationTokens } from './equation-tokens.ts';

export type Equation = {
  verdict: 'pass' | 'fail' | 'abstain';
  left: string;
  right: string;
  /** What should stand on the right, where the left side has one value that can be written out. */
  exact?: string;
};

type Part = { tokens: EquationToken[]; units: string[] };

const notUnits =
  /^(and|so|is|are|or|which|because|then|plus|minus|times|of|remainder|rem|r|with|left|but|that|to|into|in|by|from|on|at|as|we|for|if|not|equals?|gives?|gets?|yields?|makes?|leaves?|becomes?|means|be|was|were|would|should|will|must|can|could|may|has|have|had)$/i;
const inexact = /^(remainder|rem|r|with|leaving|leaves|about|approximately|rounded|rounds|or|recurring|repeating)$/i;
/** Every equation of a line, a chain `a = b = c` as its pairs, each judged exactly. */
export function equationsOf(line: string): Equation[] {
  const equations: Equation[] = [];
  for (const run of runs(equationTokens(line))) {
    const parts = run.parts.map((part, index) => readPart(part, index, run));
    const isLoose =
      run.unstated ||
      parts.some((right, index) => {
        const left = parts[index - 1];
        if (left === undefined) return false;
        return goesOn(left, right) || (isPartOf(left, right) && isReached(left, run));
      });
    for (const [index, right] of parts.entries()) {
      const left = parts[index - 1];
      if (left === undefined) continue;
      const cut = isLoose || (index === parts.length - 1 && run.inexact);
      // `12 = 13` is the rest of something that was not read.
      const isUnread = left.lone && right.lone;
      equations.push(judge(left, right, cut || isUnread || (isLastTerm(left, right) && isReached(left, run))));
    }
  }
  return equations;
}

/** True where the equals sign says `and then`: `64 + 46 = 110 + 30 = 140`, `100% - 20% = 80% of 50`. */
function goesOn(left: Reading, right: Reading): boolean {
  if (left.lone || right.lone || isTermByTerm(left, right)) return false;
  const begun = right.text.replace(/^\(+/, '');
  // Without a bracket around it, `70 × 8 = 70 × 8 + 7 × 8` is a product that was split wrong.
  if (begun !== right.text && begun.startsWith(left.text) && !/^[\d.]/.test(begun.slice(left.text.length))) return true;
  const ends = [/^-? ?[\d.]+%?/, /(?<![\d.])[\d.]+%?$/].flatMap((end) => end.exec(right.text)?.[0] ?? []);
  const isValue = (text: string): boolean => {
    const value = exactValue(text.replace('%', '/100'));
    return (
      value !== undefined &&
      left.values.some((a) => a.equals(value) || rounded(a, { ...right, text, lone: true }, value))
    );
  };
  return ends.some(isValue);
}

/** True where each product of the left side is worked out in its place: `90 × 9 + 0 × 9 = 810 + 9` is not `810, and then 9`. */
function isTermByTerm(left: Reading, right: Reading): boolean {
  const [terms, results] = [left.text, right.text].map((text) => (/[()]/.test(text) ? [] : text.split(/ [+-] /)));
  if (terms === undefined || results === undefined || terms.length < 2 || terms.length !== results.length) return false;
  const same = terms.map((term, index) => {
    const [a, b] = [exactValue(term), exactValue(results[index] ?? '')];
    return a !== undefined && b !== undefined && a.equals(b);
  });
  return same.includes(true) && terms.every((term, index) => same[index] === true || /[*/]/.test(term));
}

const product = /^([\d.]+) ([*/]) ([\d.]+)$/;

/** True where a part of the left side is worked out first: `25 + 49 + 81 = 25 + 49 = 74`, `17 × 219 = 17 × 200 = 3400`. */
function isPartOf(left: Reading, right: Reading): boolean {
  if (left.lone || right.lone) return false;
  if (left.text.startsWith(`${right.text} `) || left.text.endsWith(` ${right.text}`)) return true;
  const [, a, sign, b] = product.exec(left.text) ?? [];
  const [, c, other, d] = product.exec(right.text) ?? [];
  return sign !== undefined && sign === other && (a === c || b === d);
}

/** True where the line comes to the exact value behind the equation: `…, together 3723`; the sign is a token of its own. */
function isReached({ values: [value] }: Reading, { behind }: Run): boolean {
  return value !== undefined && behind().some((number) => exactValue(number)?.equals(value.abs()) === true);
}

/**
 * `inexact`: the last number is not the whole result. `unstated`: the line does not say that it is so. `behind`: the
 * numbers that follow.
 */
type Run = { parts: Part[]; context: Context; inexact: boolean; unstated: boolean; behind: () => string[] };

/** Stretches of numbers, operators and units around equals signs; other words and punctuation end them. */
function runs(tokens: EquationToken[]): Run[] {
  const found: Run[] = [];
  let lastEnd: number | undefined;
  for (let start = 0; start < tokens.length; start += 1) {
    const parts: Part[] = [{ tokens: [], units: [] }];
    let at = start;
    for (; at < tokens.length; at += 1) {
      const token = tokens[at];
      const part = parts.at(-1);
      if (token === undefined || part === undefined || token.kind === 'other') break;
      if (token.kind === 'equals') parts.push({ tokens: [], units: [] });
      else if (token.kind !== 'word') part.tokens.push(token);
      else {
        const length = unitLength(tokens, at);
        if (length === 0) break;
        part.units.push(...tokens.slice(at, at + length).map((one) => one.text));
        at += length - 1;
        const raised = powerLength(tokens, at + 1);
        if (raised > 0) part.units.push(`${part.units.pop()}^`);
        at += raised;
      }
    }
    if (parts.length > 1) {
      const after = tokens[at];
      const dots = after?.text === '.' && tokens[at + 1]?.text === '.';
      const cut = after !== undefined && (inexact.test(after.text) || after.text === '…' || after.text === '≈' || dots);
      const context = contextOf(tokens, { start, end: at, lastEnd });
      const end = at;
      const behind = () => tokens.slice(end).flatMap(({ kind, text }) => (kind === 'number' ? [text] : []));
      found.push({ parts, context, inexact: cut, unstated: isUnstated(context), behind });
      lastEnd = at;
    }
    start = Math.max(start, at);
  }
  return found;
}

/** How many words from here are a unit: one or two behind a number, with an operator, `=` or the clause's end after them. */
function unitLength(tokens: EquationToken[], at: number): number {
  const before = tokens[at - 1];
  const first = tokens[at];
  if (before === undefined || first === undefined || notUnits.test(first.text)) return 0;
  const behindNumber = before.kind === 'number' || before.kind === 'percent' || before.text === ')';
  if (!behindNumber) return 0;
  for (const length of [1, 2]) {
    const last = tokens[at + length - 1];
    const after = tokens[at + length];
    if (last?.kind !== 'word' || notUnits.test(last.text)) return 0;
    const ends =
      after === undefined || after.kind === 'equals' || after.kind === 'operator' || /^[.,;:!?]$/.test(after.text);
    if (ends && after?.text !== '(' && (length === 1 || after?.text !== '^')) return length;
  }
  return 0;
}

/** How many tokens from here are the power of a unit: `^2`, `^(-1)`. */
function powerLength(tokens: EquationToken[], at: number): number {
  if (tokens[at]?.text !== '^') return 0;
  if (tokens[at + 1]?.text !== '(') return 2;
  const length = tokens.slice(at).findIndex(({ text }) => text === ')') + 1;
  return length > 0 ? length : 2;
}

/** `values`: as it is written. `others`: as it may be meant. */
type Reading = { text: string; values: Fraction[]; others: Fraction[]; lone: boolean; units: string[] };

/** The exact values that a part has or may have; none where it is no whole expression. */
function readPart(part: Part, index: number, run: Run): Reading {
  const tokens = balanced(part.tokens);
  const text = tokens
    .map((token) => token.text)
    .join(' ')
    .replace(/ ?([()^%]) ?/g, '$1');
  const lone = tokens.filter((token) => token.kind === 'number').length === 1;
  const nothing: Reading = { text, values: [], others: [], lone, units: part.units };
  const first = tokens[0];
  const last = tokens.at(-1);
  if (first === undefined || last === undefined) return nothing;
  if (index === 0 && continuesBefore(run.context, { tokens, lone })) return nothing;
  // `P(k = 4) = 1/210`: what is before the sign belongs to the bracket.
  if ((index === 0 || run.parts.at(-1) !== part) && closes(part.tokens)) return nothing;
  if (first.kind === 'operator' && first.text !== '(' && !(first.text === '-' && tokens[1]?.glued === true))
    return nothing;
  if (last.kind === 'operator' && last.text !== ')') return nothing;
  if (run.parts.at(-1) === part && continuesAfter(run.context)) return nothing;
  if (isOtherNotation(tokens) || hasRemark(tokens, run.context)) return nothing;
  const plain = text.replaceAll('%', '');
  const written = [...(text.includes('%') ? [text.replace(/([\d.]+)%/g, '($1/100)')] : []), plain];
  const otherwise = readOtherwise(plain, index === 0 && startsOption(run.context));
  const valuesOf = (texts: string[]) => texts.flatMap((one) => exactValue(one) ?? []);
  return { ...nothing, values: valuesOf(written), others: valuesOf(otherwise) };
}

/** `3 and 4)`: the bracket was opened before the run, by a function or a pair. */
function closes(tokens: readonly EquationToken[]): boolean {
  const depth = tokens.reduce((open, { text }) => open + Number(text === '(') - Number(text === ')'), 0);
  return depth < 0 && tokens.at(-1)?.text === ')';
}

/**
 * `96 / 2 * 12` may have both numbers below the line, `-3^2` may be the square of -3; the dash of `C: 22 - 2 + 20 = 22` may
 * be behind the option's value.
 */
function readOtherwise(text: string, isOption: boolean): string[] {
  const product = /\/ ([\d.]+ \* [\d.]+)/;
  const power = /^- ?([\d.]+)\^/;
  return [
    ...(product.test(text) ? [text.replace(product, '/ ($1)')] : []),
    ...(power.test(text) ? [text.replace(power, '(-$1)^')] : []),
    ...(isOption ? [text.replace(/^[\d.]+ - /, '')] : []),
  ];
}

/** A number in brackets that says what another one is: `3 (8) + 2 (6) = 5`, `2 neutrons (2 × 3 quarks) = …`, `5 (1/2)`. */
function hasRemark(tokens: readonly EquationToken[], { tokenBefore }: Context): boolean {
  const [first] = tokens;
  const isWhole = first?.text === '(' && tokens.findIndex(({ text }) => text === ')') === tokens.length - 1;
  if (isWhole && tokenBefore?.kind === 'word' && !verb.test(tokenBefore.text)) return true;
  return tokens.some((token, index) => {
    const before = tokens[index - 1];
    return token.text === '(' && !token.glued && (before?.kind === 'number' || before?.text === ')');
  });
}

const verb =
  /^(?:is|are|be|equals?|gets?|gives?|makes?|means|have|has|so|and|then|thus|therefore|hence|because|since|now)$/i;

/** A modulo (`17 % 5`), a date (`2024-01-05`), or from one number to another (`pages 10-15`). */
function isOtherNotation(tokens: readonly EquationToken[]): boolean {
  const [from, dash, to] = tokens;
  const isGlued = dash?.text === '-' && dash.glued && to?.glued === true;
  if (tokens.length === 3 && isGlued && Number(from?.text) < Number(to?.text)) return true;
  return tokens.some(({ kind, text }, index) => {
    const next = tokens[index + 1];
    if (kind === 'percent') return next !== undefined && (next.kind !== 'operator' || next.text === '(');
    return /^\d{4}$/.test(text) && next?.text === '-' && next.glued && /^0\d$/.test(tokens[index + 2]?.text ?? '');
  });
}

/** Without the bracket of a sentence around it, and without a list's `1)` before it. */
function balanced(tokens: EquationToken[]): EquationToken[] {
  let from = 0;
  let to = tokens.length;
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth -= 1;
    if (depth < 0) {
      if (index === tokens.length - 1) to = index;
      else from = index + 1;
      depth = 0;
    }
  }
  for (; depth > 0 && tokens[from]?.text === '('; depth -= 1) from += 1;
  return tokens.slice(from, to);
}

/** A number that begins with 0 is one of a date or a clock. */
const padded = /(?<![\d.])0\d/;

function judge(left: Reading, right: Reading, cut: boolean): Equation {
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

/** True where only the last term was worked out: `150 + 5 × 15 = 75`. */
function isLastTerm(left: Reading, right: Reading): boolean {
  const term = / [+-] ([\d.]+ [*/] [\d.]+)$/.exec(left.text)?.[1];
  const value = term === undefined ? undefined : exactValue(term);
  return value !== undefined && right.values.some((one) => one.equals(value));
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
function rounded(exact: Fraction, shown: Reading, value: Fraction): boolean {
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
