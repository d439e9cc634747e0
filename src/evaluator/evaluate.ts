import { expressionAtEnd } from './arithmetic.ts';
import { callAtEnd } from './calls.ts';
import { writeDecimal } from './fraction.ts';

const longestValue = 120;
/** The longest expression, and enough text before it to see what precedes it. */
const longestTail = 600;

/** An expression at the end of a line, and its value as a thought writes it. */
interface Evaluation {
  readonly expression: string;
  readonly value: string;
}

/** The value that a thought would write after `line` + "=", or undefined. `before` is the line so far. */
export function evaluate(before: string): string | undefined {
  return evaluateEnd(before)?.value;
}

/** Like `evaluate`, with the expression that was computed: the longest suffix of the line that is one. */
export function evaluateEnd(before: string): Evaluation | undefined {
  const tail = before.slice(-longestTail);
  const lineStart = tail.lastIndexOf('\n') + 1;
  const line = tail.slice(lineStart).trimEnd();
  const cut = lineStart === 0 && before.length > longestTail;
  const found = line.endsWith(')') ? (callAtEnd(line) ?? arithmeticAtEnd(line)) : arithmeticAtEnd(line);
  if (found?.value === undefined || found.value.length > longestValue) return undefined;
  if (!mayStandBehind(line.slice(0, found.at), { cut })) return undefined;
  return { expression: line.slice(found.at), value: found.value };
}

function arithmeticAtEnd(line: string): { at: number; value: string | undefined } | undefined {
  const found = expressionAtEnd(line);
  return found && { at: found.at, value: found.value && writeDecimal(found.value) };
}

const listMark = /^\s*(?:(?:[-*•]|\d{1,3}[.)])\s+)?$/;
const equalsSign = /=\s*$/;
/** A bracket directly after a word or a root opens arguments. */
const openingBracket = /(?<![\p{L}\p{N}_√])[([{]\s*$/u;
const openingQuote = /(?:^|[\s([{])["'“‘«`]$/;
const punctuation = /[,;:.!?—]["'”’*]{0,2}\s+$/;
const word = /(?<![\p{L}\p{N}\p{M}\\^_'’])(\p{L}[\p{L}\p{M}'’]*)\s+$/u;
/** Words for an operation on the number after them, so the expression does not start at that number. */
const operatorWord =
  /^(?:mod|modulo|times|plus|minus|over|by|sqrt|root|squared|cubed|log|ln|exp|sin|cos|tan|cdot|div|[b-hj-z])$/i;
/** `20% of 50 + 10`, `half of 3 + 4`: it is not clear what the part refers to. */
const partOf = /(?:%|\d|\b(?:percent|half|third|quarter|fifth|tenth|times|power|root)s?)\s+of\s+$/i;

/** Whether the equals sign would apply to nothing but an expression that starts after this text. */
function mayStandBehind(text: string, { cut }: { cut: boolean }): boolean {
  if (!cut && listMark.test(text)) return true;
  const last = text.slice(-60);
  if ([equalsSign, openingBracket, openingQuote, punctuation].some((pattern) => pattern.test(last))) return true;
  const lastWord = word.exec(last)?.[1];
  return lastWord !== undefined && !operatorWord.test(lastWord) && !partOf.test(last);
}
