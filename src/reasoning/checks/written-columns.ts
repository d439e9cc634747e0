import type { Repair } from './check.ts';
import { defineLineCheck, inPlaceOf, right, type Statement, wrong } from './line-check.ts';
import { partialProducts } from './partial-products.ts';
import { joinedDigits, numbersOf } from './question-numbers.ts';
import type { ThoughtLine } from './thought-lines.ts';

const spelled = /\bdigits are (\d(?: \d)*)(?: and (\d(?: \d)*))?\b.*\bI (add|subtract)/i;
const plain = /^I (add) (\d+) \+ (\d+) column by column/i;
const places = ['ones', 'tens', 'hundreds', 'thousands', 'ten thousands', 'hundred thousands', 'millions'];
const heading = new RegExp(`^(${places.join('|')}): (.+?)\\.?$`, 'i');
const sum = /^(\d(?: \+ \d)*) = (\d+), write (\d)(?:, carry (\d))?$/i;
const carriedOn = /^write the carry (\d)$/i;
const difference = /^(?:\d - 1 = -?\d, )?(borrow, )?-?\d{1,2} - \d = (-?\d+)$/i;
const reading = /^reading the digits(?: from left to right)?: (\d+)\.?$/i;

/** Two numbers that are added or subtracted digit by digit, from the right. */
type Work = {
  adds: boolean;
  numbers: readonly [string, string];
  /** How many columns are done. */
  place: number;
  /** What the next column takes over: a carry, or what was borrowed from it. Undefined after a column that wasn't read. */
  over: number | undefined;
  written: string;
};

/**
 * Sums and differences written digit by digit: the numbers are the question's, each column takes its own digits and what the
 * last one hands on, none is left out, and the digits are read off. And products by parts (`partial-products.ts`).
 */
export const writtenColumns = defineLineCheck({
  name: 'written-columns',
  description:
    'A sum or difference worked out in columns takes the question’s digits, carries and borrows rightly, leaves no column out, and reads its digits off; a product by parts has them all.',
  *statements({ lines, question }) {
    yield* partialProducts(lines, question);
    let work: Work | undefined;
    for (const line of lines) {
      const begun = begin(line, question);
      if (begun !== undefined) {
        work = begun.work;
        yield begun.statement;
      } else if (work !== undefined) {
        yield* column(line, work);
        yield* readOff(line, work);
      }
    }
  },
});

function begin({ number, text }: ThoughtLine, question: string): { work?: Work; statement: Statement } | undefined {
  const [, ...said] = spelled.exec(text) ?? [];
  const [, way = '', ...named] = plain.exec(text) ?? [];
  const numbers = (said.length > 0 ? said.slice(0, 2) : named).flatMap((one) => (one ? [joinedDigits(one)] : []));
  if (numbers.length === 0) return undefined;
  const adds = (said[2] ?? way).toLowerCase() === 'add';
  const asked = numbersOf(question);
  const missing = numbers.find((one) => !asked.includes(String(Number(one))));
  if (missing !== undefined) {
    const repair = fromQuestion(text, { adds, asked, question });
    return { statement: wrong(number, missing, `${missing} is not in the question`, repair) };
  }
  const [first, second] = numbers;
  if (first === undefined || second === undefined) return undefined;
  const follows = adds || Number(first) >= Number(second);
  const start: Work = { adds, numbers: [first, second], place: 0, over: 0, written: '' };
  return { ...(follows && { work: start }), statement: right(number) };
}

/** The question's two whole numbers in place of what a line takes for them, the longer or larger one first. */
function fromQuestion(
  text: string,
  { adds, asked, question }: { adds: boolean; asked: readonly string[]; question: string },
): Repair | undefined {
  const whole = asked.filter((one) => /^\d+$/.test(one)).toSorted((a, b) => Number(b) - Number(a));
  const [large = '', small = ''] = whole;
  if (asked.length !== 2 || whole.length !== 2 || !spelled.test(text)) return undefined;
  const isNegative = new RegExp(`\\b${small}\\s*[-−–]|\\bfrom ${small}\\b|\\b${small} (?:minus|less)\\b`, 'i').test(
    question,
  );
  if (!adds && isNegative) return undefined;
  const digits = [large, small].map((one) => [...one].join(' ')).join(' and ');
  return { at: text.search(/\d/), text: `${digits}. I ${adds ? 'add' : 'subtract'} from the right` };
}

/** The next column as it is to be written: `task = …`, `text` with what it comes to. */
type Column = { task: string; text: string; digit: number; over: number };

function expected({ adds, numbers, place, over = 0 }: Work): Column {
  const [top = 0, bottom = 0] = numbers.map((one) => Number(one.at(-1 - place) ?? 0));
  if (adds) {
    const total = top + bottom + over;
    const task = [top, bottom, ...(over > 0 ? [over] : [])].join(' + ');
    return { task, text: `${task} = ${total}`, digit: total % 10, over: Math.floor(total / 10) };
  }
  const left = top - over;
  const borrows = left < bottom;
  const digit = left + (borrows ? 10 : 0) - bottom;
  const lent = over > 0 ? `${top} - 1 = ${left}, ` : '';
  const task = `${lent}${borrows ? `borrow, ${left + 10}` : left} - ${bottom}`;
  return { task, text: `${task} = ${digit}`, digit, over: borrows ? 1 : 0 };
}

function isLeft({ numbers, place }: Work): boolean {
  return numbers.some((one) => place < one.length);
}

function* column({ number, text }: ThoughtLine, work: Work): Generator<Statement> {
  const [, name = '', body = ''] = heading.exec(text) ?? [];
  const place = places.indexOf(name.toLowerCase());
  if (place === -1) return;
  // A column that wasn't read hands on nobody knows what.
  const follows = place === work.place && work.over !== undefined;
  const whole = expected(work);
  const anew = isLeft(work) ? { at: `${name}: `.length, text: whole.text } : undefined;
  let done: { digit: string; over: number } | undefined;
  const [, added, total, written, carried] = sum.exec(body) ?? [];
  const rest = carriedOn.exec(body)?.[1];
  const [, borrowed, result] = difference.exec(body) ?? [];
  if (work.adds && added !== undefined && total !== undefined && written !== undefined) {
    done = { digit: written, over: Number(carried ?? 0) };
    if (follows) yield addition({ number, text, added, total, written, carried }, whole, anew);
  } else if (work.adds && rest !== undefined) {
    done = { digit: rest, over: 0 };
    if (follows && anew !== undefined) yield wrong(number, rest, `this column is ${whole.text}`, anew);
    else if (follows && Number(rest) !== work.over) {
      const all = { at: 0, text: `Reading the digits from left to right: ${Number(work.written)}` };
      const repair = work.over === 0 ? all : inPlaceOf(rest, text, work.over);
      yield wrong(number, rest, `the carry is ${work.over}`, repair);
    }
  } else if (!work.adds && result !== undefined) {
    done = { digit: result, over: borrowed === undefined ? 0 : 1 };
    const holds = Number(result) === whole.digit && done.over === whole.over;
    if (follows && isLeft(work))
      yield holds ? right(number) : wrong(number, result, `this column is ${whole.text}`, anew);
  }
  work.place = place + 1;
  work.over = done?.over;
  work.written = follows && done !== undefined ? done.digit + work.written : '';
}

function addition(
  parts: { number: number; text: string; added: string; total: string; written: string; carried: string | undefined },
  whole: Column,
  anew: Repair | undefined,
): Statement {
  const { number, text, added, total, written, carried } = parts;
  // Zeros may be left out.
  const [named, own] = [added, whole.task].map((list) =>
    list
      .split(' + ')
      .filter((one) => one !== '0')
      .join(),
  );
  const [ends, carries] = [Number(total) % 10, Math.floor(Number(total) / 10)];
  if (named !== own) return wrong(number, added, `this column is ${whole.task}`, anew);
  if (Number(written) !== ends) {
    return wrong(number, written, `${total} ends in ${ends}`, inPlaceOf(written, text, ends, text.search(/write/i)));
  }
  if (Number(carried ?? 0) === carries) return right(number);
  const after = text.search(/carry/i);
  const repair = after === -1 ? undefined : inPlaceOf(carried ?? '', text, carries, after);
  return wrong(number, carried ?? written, `${total} carries ${carries}`, repair);
}

function* readOff({ number, text }: ThoughtLine, work: Work): Generator<Statement> {
  const read = reading.exec(text)?.[1];
  if (read === undefined || work.written === '') return;
  const whole = expected(work);
  const name = places[work.place];
  if (isLeft(work)) {
    const heading = name === undefined ? undefined : name.charAt(0).toUpperCase() + name.slice(1);
    const repair = heading === undefined ? undefined : { at: 0, text: `${heading}: ${whole.text}` };
    yield wrong(number, read, `the column ${whole.text} is left`, repair);
    return;
  }
  const all = (work.adds && work.over ? String(work.over) : '') + work.written;
  if (Number(read) === Number(all)) yield right(number);
  else yield wrong(number, read, `the digits read ${all}`, inPlaceOf(read, text, Number(all)));
}
