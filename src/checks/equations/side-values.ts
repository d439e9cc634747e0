import { exactValue, type Fraction } from '../../evaluator/exact-arithmetic.ts';
import { type Context, continuesAfter, continuesBefore, startsOption } from './equation-context.ts';
import type { Part, Run } from './equation-runs.ts';
import type { EquationToken } from './equation-tokens.ts';

/** `values`: as it is written. `others`: as it may be meant. */
export type Reading = { text: string; values: Fraction[]; others: Fraction[]; lone: boolean; units: string[] };

/** The exact values that a part has or may have; none where it is no whole expression. */
export function readPart(part: Part, index: number, run: Run): Reading {
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
