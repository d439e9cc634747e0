import { exactValue } from '../../evaluator/exact-arithmetic.ts';
import { type Run, runs } from './equation-runs.ts';
import { equationTokens } from './equation-tokens.ts';
import { type Equation, judge, rounded } from './judge-equation.ts';
import { type Reading, readPart } from './side-values.ts';

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

/** True where only the last term was worked out: `150 + 5 × 15 = 75`. */
function isLastTerm(left: Reading, right: Reading): boolean {
  const term = / [+-] ([\d.]+ [*/] [\d.]+)$/.exec(left.text)?.[1];
  const value = term === undefined ? undefined : exactValue(term);
  return value !== undefined && right.values.some((one) => one.equals(value));
}
