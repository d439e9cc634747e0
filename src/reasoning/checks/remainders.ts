import { defineLineCheck, inPlaceOf, right, type Statement, wrong } from './line-check.ts';
import { longDivision } from './long-division.ts';
import { isDoubted, numberEnd } from './number-end.ts';
import { primality } from './primality.ts';

/** Nothing before the number makes more of it. */
const alone = String.raw`(?<![\w.,:/$€£]|[\d)a-z]\s*[-+*/×x÷·^−–]\s*|^[-−–]\s?|\d\s)`;
const leaves = new RegExp(
  `${alone}(\\d+)(?: ?÷ ?(\\d+) leaves (?:a remainder of )?| ?/ ?(\\d+) leaves a remainder of )(\\d+)(?=\\s*[.,;)]?\\s*$|[.,;)] | left\\b)`,
  'gi',
);
const divided = new RegExp(
  `${alone}(\\d+) (?:divided by|[÷/]) (\\d+) (?:is|=) (\\d+)(?: with)?(?: a)? remainder (?:of )?(\\d+)${numberEnd}`,
  'gi',
);
const plus = new RegExp(
  `${alone}(\\d+) [×x*] (\\d+) = (\\d+), plus (\\d+) is (\\d+)${numberEnd}(?= ([a-z]+?)s?\\b|)`,
  'gi',
);
/** Who says `makes`, or something else before it, may count on: `another 50 minutes makes 2 hours and 10 minutes`. */
const stands = String.raw`(?<=^\W{0,20}|[.:;(=]\s*|\b(?:so|then|because|since|that|thus|therefore|first|next|now|also),? )(?<!^[-−–]\s?)`;
const compared = String.raw`(?!\s+(?:\w+\s)?(?:more|less|fewer|longer|shorter|later|earlier|before|after|short|over|than|per|each|a|an|of|long)\b)`;
const split = new RegExp(
  `${stands}(\\d+) ([a-z]+?)s? (?:is|are|=|makes?) (\\d+) ([a-z]+?)s? and (\\d+) ([a-z]+?)s?\\b${compared}`,
  'gi',
);
const whichIs = new RegExp(`= ?(\\d+), which is (\\d+) ([a-z]+?)s? and (\\d+) ([a-z]+?)s?\\b${compared}`, 'gi');
const oneIs = new RegExp(`(?<![-\\w]|\\band )one (?:of the )?([a-z]+?)s? is (\\d+) ([a-z]+?)s?\\b${compared}`, 'gi');

/** How many of the smaller unit the larger one holds. */
const holds: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  week: { day: 7 },
  day: { hour: 24 },
  hour: { minute: 60, second: 3600 },
  minute: { second: 60 },
  year: { month: 12, week: 52 },
  dozen: { item: 12, egg: 12 },
  foot: { inch: 12 },
  yard: { foot: 3, inch: 36 },
  kilometer: { meter: 1000 },
  meter: { centimeter: 100, millimeter: 1000 },
  centimeter: { millimeter: 10 },
  kilogram: { gram: 1000 },
  liter: { milliliter: 1000 },
  dollar: { cent: 100, dime: 10, nickel: 20, quarter: 4 },
};

/** Remainders, amounts written in two units, and primes (`primality.ts`). */
export const remainders = defineLineCheck({
  name: 'remainders',
  description:
    'Divisions step by step and their remainders are right, and so are amounts in two units (`25 days is 3 weeks and 4 days`); whether a number is prime.',
  *statements({ lines, question }) {
    yield* longDivision(lines, question);
    yield* primality(lines, question);
    for (const { number, text } of lines) {
      if (isDoubted(text)) continue;
      const judge = (found: RegExpExecArray, is: number, said: string, detail: string): Statement => {
        if (is === Number(said)) return right(number);
        return wrong(number, said, detail, inPlaceOf(said, text, is, found.index + found[0].lastIndexOf(said)));
      };
      for (const found of text.matchAll(leaves)) {
        const [, a, sign, slash, rest = ''] = found;
        const b = sign ?? slash;
        const is = Number(a) % Number(b);
        // `12 ÷ 4 leaves 3` may be what each has.
        if (Number(b) > 0 && Number(rest) * Number(b) !== Number(a))
          yield judge(found, is, rest, `${a} divided by ${b} leaves ${is}`);
      }
      for (const [, a, b, quotient, rest = ''] of text.matchAll(divided)) {
        const back = Number(quotient) * Number(b) + Number(rest);
        const holdsTrue = back === Number(a) && Number(rest) < Number(b);
        yield holdsTrue ? right(number) : wrong(number, rest, `${quotient} times ${b} and ${rest} is ${back}`);
      }
      for (const found of text.matchAll(plus)) {
        const [, , , product, rest, sum = '', unit = ''] = found;
        // `60, plus 30 is 1 hour and a half`
        if (holds[singular(unit)] !== undefined && Number(sum) < Number(product)) continue;
        yield judge(found, Number(product) + Number(rest), sum, `${product} plus ${rest} is not ${sum}`);
      }
      for (const found of text.matchAll(split)) {
        const [, all = '', unit = '', many = '', large = '', few = '', small = ''] = found;
        if (unit !== small) continue;
        const at = text.indexOf(`${many} ${large}`, found.index + all.length);
        yield* inTwoUnits(
          number,
          at,
          { all: Number(all), many: Number(many), large, few: Number(few), small },
          question,
        );
      }
      for (const found of text.matchAll(whichIs)) {
        const [, all = '', many = '', large = '', few = '', small = ''] = found;
        const at = text.indexOf(`${many} ${large}`, found.index + found[0].indexOf('which is'));
        const amount = { all: Number(all), many: Number(many), large, few: Number(few), small };
        if (!mayBeOfAnother(amount)) yield* inTwoUnits(number, at, amount, question);
      }
      for (const found of text.matchAll(oneIs)) {
        const [, large = '', size = '', small = ''] = found;
        const factor = factorOf(large, small);
        // `He works 8 hours a day`: the question may have units of its own.
        const given = new RegExp(`\\b${written(Number(size))}[ -](?:[a-z]+ )?${small}`, 'i').test(question);
        if (factor !== undefined && !given) yield judge(found, factor, size, `one ${large} is ${factor} ${small}s`);
      }
    }
  },
});

type TwoUnits = { all: number; many: number; large: string; few: number; small: string };

function* inTwoUnits(line: number, at: number, amount: TwoUnits, question: string): Generator<Statement> {
  const factor = factorOf(amount.large, amount.small);
  // `five days a week`
  const another = new RegExp(
    `[ -]${amount.small}s? (?:a|an|per|(?:in |of )?(?:a|an|each|every|one)) (?:[a-z]+ )?${amount.large}`,
    'i',
  );
  if (factor === undefined || another.test(question)) return;
  const sum = amount.many * factor + amount.few;
  if (sum === amount.all) {
    // What is borrowed is more than one of the larger unit: `135 minutes is 1 hour and 75 minutes`.
    yield right(line);
    return;
  }
  const parts = [counted(Math.floor(amount.all / factor), amount.large), counted(amount.all % factor, amount.small)];
  const given = `${counted(amount.many, amount.large)} and ${counted(amount.few, amount.small)}`;
  const detail = `${given} are ${counted(sum, amount.small)}`;
  yield wrong(line, String(amount.few), detail, { at, text: parts.join(' and ') });
}

/** Whether a sum without a unit fits in another than the smaller one: `5400, which is 1 hour and 30 minutes`. */
function mayBeOfAnother({ all, many, large, few, small }: TwoUnits): boolean {
  const factor = factorOf(large, small);
  if (factor === undefined) return false;
  const sum = many * factor + few;
  return all * factor === sum || Object.values(holds[singular(small)] ?? {}).some((of) => all === sum * of);
}

const words = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ');

/** Source of a pattern for a number in digits or as a word. */
function written(count: number): string {
  const word = words[count];
  return word === undefined ? String(count) : `(?:${count}|${word})`;
}

function counted(count: number, unit: string): string {
  const one = singular(unit);
  return `${count} ${count === 1 ? one : (plurals[one] ?? `${one}s`)}`;
}

function factorOf(large: string, small: string): number | undefined {
  return holds[singular(large)]?.[singular(small)];
}

const plurals: Readonly<Record<string, string>> = { foot: 'feet', inch: 'inches' };

/** Of a unit with its last `s` taken off. */
function singular(unit: string): string {
  return { feet: 'foot', inche: 'inch' }[unit.toLowerCase()] ?? unit.toLowerCase();
}
