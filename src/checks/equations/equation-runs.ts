import { type Context, contextOf, isUnstated } from './equation-context.ts';
import type { EquationToken } from './equation-tokens.ts';

/** One side of an equals sign: its numbers and operators, and the units behind them. */
export type Part = { tokens: EquationToken[]; units: string[] };

const notUnits =
  /^(and|so|is|are|or|which|because|then|plus|minus|times|of|remainder|rem|r|with|left|but|that|to|into|in|by|from|on|at|as|we|for|if|not|equals?|gives?|gets?|yields?|makes?|leaves?|becomes?|means|be|was|were|would|should|will|must|can|could|may|has|have|had)$/i;
const inexact = /^(remainder|rem|r|with|leaving|leaves|about|approximately|rounded|rounds|or|recurring|repeating)$/i;

/**
 * `inexact`: the last number is not the whole result. `unstated`: the line does not say that it is so. `behind`: the
 * numbers that follow.
 */
export type Run = { parts: Part[]; context: Context; inexact: boolean; unstated: boolean; behind: () => string[] };

/** Stretches of numbers, operators and units around equals signs; other words and punctuation end them. */
export function runs(tokens: EquationToken[]): Run[] {
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
