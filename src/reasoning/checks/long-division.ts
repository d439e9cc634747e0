import { conclusionOf } from '../answer-value.ts';
import { right, type Statement, wrong } from './line-check.ts';
import type { ThoughtLine } from './thought-lines.ts';

const begins = /\bdivide (\d{1,15}) by (\d{1,15})\b(?!\.?,?\d|\s*[%/])/i;
/** `9 × 30 = 270, and 297 - 270 = 27` */
const stepOf =
  /^\s*(\d{1,15}) ?[×x*] ?(\d{1,15}) ?= ?(\d{1,15}), (?:and|so) (\d{1,15}) ?[-−–] ?\d{1,15} ?= ?[-−–]? ?\d{1,15}\.?\s*$/;
/** Whole, and all that is said of it: not `13 when rounded up`, `1,234` or `2 digits long`. */
const isWhole = String.raw`(?=\s*[.,;)]?\s*$|[.,;)] | and the remainder| with | remainder)`;
const quotientIs = new RegExp(
  `\\bquotient is (?:\\d+(?: ?\\+ ?\\d+)* ?= ?)?(\\d+)${isWhole}(?: and the remainder is (\\d+)${isWhole})?`,
  'i',
);
const remainderIs = new RegExp(`\\bremainder is (\\d+)${isWhole}`, 'i');
const isRough = /\bround|\babout\b|\bapprox|\bnearest\b|\bestimat/i;
const isTooMuch = /\btoo (?:much|many|big|large|high|far)\b|\bnegative\b|\bover\b/i;

/** `at`: where the partial quotient is written. */
type Step = { divisor: number; partial: number; product: number; minuend: number; at: number };

/**
 * A division by partial quotients: no partial product is more than what is left to divide, less than the divisor is left in
 * the end, and quotient and remainder are what the steps came to. A partial quotient that is a guess (`9 × 100` of 297) makes every
 * line behind it wrong, however exactly it is worked out.
 */
export function* longDivision(lines: readonly ThoughtLine[], question: string): Generator<Statement> {
  const steps = lines.map(({ text }) => readStep(text));
  let divisor: number | undefined;
  let partials: number[] = [];
  let left: number | undefined;
  for (const [index, { number, text }] of lines.entries()) {
    const [, dividend, by] = begins.exec(text) ?? [];
    if (by !== undefined) {
      [divisor, partials, left] = [Number(by), [], Number(dividend)];
      continue;
    }
    const step = steps[index];
    if (step) {
      const next = lines[index + 1]?.text ?? '';
      const isNamed = divisor === undefined && isDividedIn(question, step);
      const rest = step.minuend - step.divisor * step.partial;
      const goesOn = steps.slice(index + 1).some((later) => later?.divisor === step.divisor && later.minuend === rest);
      const isLast = !goesOn && isEnd(next, isNamed);
      const isDivision = step.divisor === divisor || (isNamed && isLast && remainderIs.test(next));
      // One that begins elsewhere than the last one ended is of some other sum.
      if (!isDivision || step.divisor === 0 || (left !== undefined && step.minuend !== left)) return;
      // Tried, and taken back; or what the division leaves is divided in the head: `So the quotient is 30 + 3 = 33`.
      if (isTooMuch.test(next) || (rest >= step.divisor && isSaid(next, [...partials, step.partial], rest, step)))
        return;
      const statement = judge(step, { line: number, isLast });
      yield statement;
      if (!statement.right) return;
      partials.push(step.partial);
      left = step.minuend - step.divisor * step.partial;
      continue;
    }
    if (left === undefined || partials.length === 0) continue;
    const [said, quotient, remainder] = quotientIs.exec(text) ?? [];
    if (said === undefined || quotient === undefined || isRough.test(text)) continue;
    const sum = partials.reduce((all, one) => all + one, 0);
    const holds = Number(quotient) === sum && (remainder === undefined || Number(remainder) === left);
    if (holds) yield right(number);
    else {
      const parts = partials.length > 1 ? `${partials.join(' + ')} = ${sum}` : String(sum);
      const at = text.indexOf(said) + 'quotient is '.length;
      const value = Number(quotient) === sum ? (remainder ?? '') : quotient;
      const detail = `the quotient is ${sum} and the remainder is ${left}`;
      yield wrong(number, value, detail, { at, text: `${parts} and the remainder is ${left}` });
    }
    return;
  }
}

/** Whether the line says what the division comes to: it is over. `isNamed`: it is known by its remainder only. */
function isEnd(text: string, isNamed: boolean): boolean {
  if (isRough.test(text)) return false;
  return quotientIs.test(text) || conclusionOf(text) !== undefined || (isNamed && remainderIs.test(text));
}

/** Whether the quotient that is said is right, though the last step to it is left out. */
function isSaid(text: string, partials: readonly number[], rest: number, { divisor, partial, product }: Step): boolean {
  if (product !== divisor * partial) return false;
  const said = quotientIs.exec(text)?.[1] ?? conclusionOf(text);
  const sum = partials.reduce((all, one) => all + one, 0);
  return Number(said) === sum + Math.floor(rest / divisor);
}

/** Whether the question has the one divided by the other: `Is 306 divisible by 9?`, `How many times does 9 go into 297?` */
function isDividedIn(question: string, { minuend, divisor }: Step): boolean {
  const plain = question.replace(/(?<=\d),(?=\d{3})/g, '');
  const [a, b] = [minuend, divisor].map((number) => `(?<![\\d.,])${number}(?!\\d|[.,]\\d)`);
  const near = '[^\\d.?]{0,40}';
  return [
    `(?:divi\\w+|shar\\w+|split\\w*|quotient|remainder)${near}${a}${near}${b}`,
    `${a}${near}(?:divi\\w+|shar\\w+|split|[÷/])${near}${b}`,
    `\\bdivisible by ${b}`,
    `${b}${near}\\b(?:go|goes|divides?|fits?)\\b${near}${a}`,
  ].some((pattern) => new RegExp(pattern, 'i').test(plain));
}

function readStep(text: string): Step | undefined {
  const [, divisor, partial, product, minuend] = stepOf.exec(text) ?? [];
  if (divisor === undefined || partial === undefined) return undefined;
  const at = text.indexOf(partial, text.indexOf(divisor) + divisor.length);
  return { divisor: Number(divisor), partial: Number(partial), product: Number(product), minuend: Number(minuend), at };
}

/** The last step takes all that it can; one before it takes the tens, as long division does. */
function judge(
  { divisor, partial, minuend, at }: Step,
  { line, isLast }: { line: number; isLast: boolean },
): Statement {
  const rest = minuend - divisor * partial;
  const isOver = rest < 0;
  if (!isOver && !(isLast && rest >= divisor)) return right(line);
  const whole = Math.floor(minuend / divisor);
  const best = isLast || whole < 10 ? whole : whole - (whole % 10);
  const product = divisor * best;
  const detail = isOver
    ? `${divisor} × ${partial} is more than ${minuend}`
    : `${rest} is left, and ${divisor} still goes into it`;
  const put = `${best} = ${product}, and ${minuend} - ${product} = ${minuend - product}`;
  return wrong(line, String(partial), detail, { at, text: put });
}
