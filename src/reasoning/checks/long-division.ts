import { right, type Statement, wrong } from './line-check.ts';
import { numbersOf } from './question-numbers.ts';
import type { ThoughtLine } from './thought-lines.ts';

const begins = /\bdivide (\d{1,15}) by (\d{1,15})\b/i;
/** `9 × 30 = 270, and 297 - 270 = 27` */
const stepOf =
  /^\s*(\d{1,15}) ?[×x*] ?(\d{1,15}) ?= ?\d{1,15}, (?:and|so) (\d{1,15}) ?[-−–] ?\d{1,15} ?= ?[-−–]? ?\d{1,15}\.?\s*$/;
const quotientIs = /\bquotient is (?:\d+(?: ?\+ ?\d+)* ?= ?)?(\d+)(?: and the remainder is (\d+))?/i;
const remainderIs = /\bremainder is (\d+)/i;

/** `at`: where the partial quotient is written. */
type Step = { divisor: number; partial: number; minuend: number; at: number };

/**
 * A division by partial quotients: no partial product is more than what is left to divide, less than the divisor is left in
 * the end, and quotient and remainder are what the steps came to. A partial quotient that is a guess (`9 × 100` of 297) makes every
 * line behind it wrong, however exactly it is worked out.
 */
export function* longDivision(lines: readonly ThoughtLine[], question: string): Generator<Statement> {
  const asked = numbersOf(question);
  let divisor: number | undefined;
  let partials: number[] = [];
  let left: number | undefined;
  for (const [index, { number, text }] of lines.entries()) {
    const [, dividend, by] = begins.exec(text) ?? [];
    if (by !== undefined) {
      [divisor, partials, left] = [Number(by), [], Number(dividend)];
      continue;
    }
    const step = readStep(text);
    const next = lines[index + 1]?.text;
    const isLast = next !== undefined && readStep(next) === undefined;
    if (step) {
      const isDivision =
        step.divisor === divisor ||
        (divisor === undefined && isLast && remainderIs.test(next) && asked.includes(String(step.divisor)));
      // One that begins elsewhere than the last one ended is of some other sum.
      if (!isDivision || step.divisor === 0 || (left !== undefined && step.minuend !== left)) return;
      const statement = judge(step, { line: number, isLast });
      yield statement;
      if (!statement.right) return;
      partials.push(step.partial);
      left = step.minuend - step.divisor * step.partial;
      continue;
    }
    if (left === undefined || partials.length === 0) continue;
    const [said, quotient, remainder] = quotientIs.exec(text) ?? [];
    if (said === undefined || quotient === undefined) continue;
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

function readStep(text: string): Step | undefined {
  const [, divisor, partial, minuend] = stepOf.exec(text) ?? [];
  if (divisor === undefined || partial === undefined) return undefined;
  const at = text.indexOf(partial, text.indexOf(divisor) + divisor.length);
  return { divisor: Number(divisor), partial: Number(partial), minuend: Number(minuend), at };
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
