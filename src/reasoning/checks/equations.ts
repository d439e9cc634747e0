import type { Fraction } from 'mathjs';
import { type EquationToken, equationTokens } from './equation-tokens.ts';
import { exactValue } from './exact-arithmetic.ts';

export type Equation = {
  verdict: 'pass' | 'fail' | 'abstain';
  left: string;
  right: string;
  /** What should stand on the right, where one number stands there and the left side has one value that can be written out. */
  exact?: string;
};

type Part = { tokens: EquationToken[]; units: string[] };

/** Words that stand before a number and belong to the sum: what follows is not a whole expression. */
const bindsRight = /^(of|times|plus|minus|by|half|twice|double|triple|per|percent|over|from|than)$/i;
const notUnits =
  /^(and|so|is|are|or|which|because|then|plus|minus|times|of|remainder|rem|r|with|left|but|that|to|for|if|not|equals?)$/i;
const inexact = /^(remainder|rem|r|with|leaving|leaves|about|approximately|rounded|rounds|or|recurring|repeating)$/i;
/** Behind `is`: the line speaks of the equation and does not state it (`2 + 2 = 5 is wrong`), no more than a question does. */
const judges = /^(not|false|wrong|incorrect|untrue|impossible|true|right|correct)$/i;
const measures =
  /^(seconds?|secs?|s|minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?|years?|cents?|dollars?|euros?|pounds?|pence|yen|pennies|nickels?|dimes?|quarters?|mm|cm|m|km|meters?|metres?|centimeters?|kilometers?|inch(es)?|feet|foot|ft|yards?|miles?|g|kg|mg|grams?|kilograms?|ounces?|oz|lbs?|tons?|l|ml|liters?|litres?|cups?|pints?|quarts?|gallons?|dozens?|pairs?|degrees?)$/i;

/** Every equation of a line, a chain `a = b = c` as its pairs, each judged exactly. */
export function equationsOf(line: string): Equation[] {
  const equations: Equation[] = [];
  for (const run of runs(equationTokens(line))) {
    const parts = run.parts.map((part, index) => readPart(part, index, run));
    for (const [index, right] of parts.entries()) {
      const left = parts[index - 1];
      if (left === undefined) continue;
      equations.push(judge(left, right, index === parts.length - 1 && run.inexact));
    }
  }
  return equations;
}

type Run = { parts: Part[]; before: EquationToken | undefined; after: EquationToken | undefined; inexact: boolean };

/** Stretches of numbers, operators and units around equals signs; other words and punctuation end them. */
function runs(tokens: EquationToken[]): Run[] {
  const found: Run[] = [];
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
        part.units.push(tokens[at + length - 1]?.text ?? token.text);
        at += length - 1;
      }
    }
    if (parts.length > 1) {
      const after = tokens[at];
      const dots = after?.text === '.' && tokens[at + 1]?.text === '.';
      const judged = after?.text === '?' || (after?.text === 'is' && judges.test(tokens[at + 1]?.text ?? ''));
      const cut =
        after !== undefined && (inexact.test(after.text) || after.text === '…' || after.text === '≈' || dots || judged);
      found.push({ parts, before: tokens[start - 1], after, inexact: cut });
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
    if (ends && after?.text !== '(') return length;
  }
  return 0;
}

type Reading = { text: string; values: Fraction[]; lone: boolean; units: string[] };

/** The exact values that a part may have; none where it is no whole expression. */
function readPart(part: Part, index: number, run: Run): Reading {
  const tokens = balanced(part.tokens);
  const text = tokens
    .map((token) => token.text)
    .join(' ')
    .replace(/ ?([()^%]) ?/g, '$1');
  const lone = tokens.filter((token) => token.kind === 'number').length === 1;
  const nothing: Reading = { text, values: [], lone, units: part.units };
  const first = tokens[0];
  const last = tokens.at(-1);
  if (first === undefined || last === undefined) return nothing;
  if (index === 0) {
    // A number behind a word is only the end of what the words say: `Half of 54 = 27`, `the first 3 = …`.
    if (run.before?.kind === 'word' && (lone || bindsRight.test(run.before.text))) return nothing;
    if (run.before !== undefined && run.before.kind !== 'word' && first.glued && !/^[([,;:."]$/.test(run.before.text))
      return nothing;
    if (run.before?.text === ':' && first.glued) return nothing;
  }
  if (first.kind === 'operator' && first.text !== '(' && !(first.text === '-' && tokens[1]?.glued === true))
    return nothing;
  if (last.kind === 'operator' && last.text !== ')') return nothing;
  const isLastPart = run.parts.at(-1) === part;
  if (isLastPart && run.after?.glued === true && /^[\p{L}:/_¸]/u.test(run.after.text)) return nothing;
  const plain = text.replaceAll('%', '');
  const written = text.includes('%') ? [text.replaceAll('%', '/100'), plain] : [plain];
  return { ...nothing, values: written.flatMap((one) => exactValue(one) ?? []) };
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

function judge(left: Reading, right: Reading, cut: boolean): Equation {
  const equation = (verdict: Equation['verdict']): Equation => ({ verdict, left: left.text, right: right.text });
  if (left.values.length === 0 || right.values.length === 0) return equation('abstain');
  if (left.values.some((a) => right.values.some((b) => a.equals(b)))) return equation('pass');
  if (cut || left.values.some((a) => right.values.some((b) => rounded(a, right, b) || rounded(b, left, a)))) {
    return equation('abstain');
  }
  if (converts(left, right) || holdsGrouped(left, right)) return equation('abstain');
  const exact = right.lone && left.values.length === 1 ? String(left.values[0]) : '';
  return { ...equation('fail'), ...(/^-?\d+(\.\d{1,4})?$/.test(exact) ? { exact } : {}) };
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

/** True where the sides may differ by a conversion: `1 hour = 60 minutes`, `5 km + 300 m = 5300 m`, `1 box = 12 eggs`. */
function converts(left: Reading, right: Reading): boolean {
  const units = [...left.units, ...right.units];
  if (left.lone && right.lone) return units.length > 0;
  const measured = new Set(
    units.filter((unit) => measures.test(unit)).map((unit) => unit.toLowerCase().replace(/s$/, '')),
  );
  return measured.size > 1;
}
