import { defineLineCheck, inPlaceOf, right, type Statement, wrong } from './line-check.ts';
import { longDivision } from './long-division.ts';

const leaves = /(?<![\d.,])(\d+) ?[÷/] ?(\d+) leaves (?:a remainder of )?(\d+)/gi;
const divided = /(?<![\d.,])(\d+) (?:divided by|[÷/]) (\d+) (?:is|=) (\d+)(?: with)?(?: a)? remainder (?:of )?(\d+)/gi;
const plus = /(\d+) [×x*] (\d+) = (\d+), plus (\d+) is (\d+)/gi;
const split = /(?<![\d.,])(\d+) ([a-z]+?)s? (?:is|are|=|makes?) (\d+) ([a-z]+?)s? and (\d+) ([a-z]+?)s?\b/gi;
const whichIs = /= ?(\d+), which is (\d+) ([a-z]+?)s? and (\d+) ([a-z]+?)s?\b/gi;
const oneIs = /\bone (?:of the )?([a-z]+?)s? is (\d+) ([a-z]+?)s?\b/gi;

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

/** Remainders, and amounts written in two units. */
export const remainders = defineLineCheck({
  name: 'remainders',
  description:
    'Divisions step by step and their remainders are right, and so are amounts in two units (`25 days is 3 weeks and 4 days`).',
  *statements({ lines, question }) {
    yield* longDivision(lines, question);
    for (const { number, text } of lines) {
      const judge = (found: RegExpExecArray, is: number, said: string, detail: string): Statement => {
        if (is === Number(said)) return right(number);
        return wrong(number, said, detail, inPlaceOf(said, text, is, found.index + found[0].lastIndexOf(said)));
      };
      for (const found of text.matchAll(leaves)) {
        const [, a, b, rest = ''] = found;
        const is = Number(a) % Number(b);
        if (Number(b) > 0) yield judge(found, is, rest, `${a} divided by ${b} leaves ${is}`);
      }
      for (const [, a, b, quotient, rest = ''] of text.matchAll(divided)) {
        const back = Number(quotient) * Number(b) + Number(rest);
        const holdsTrue = back === Number(a) && Number(rest) < Number(b);
        yield holdsTrue ? right(number) : wrong(number, rest, `${quotient} times ${b} and ${rest} is ${back}`);
      }
      for (const found of text.matchAll(plus)) {
        const [, , , product, rest, sum = ''] = found;
        yield judge(found, Number(product) + Number(rest), sum, `${product} plus ${rest} is not ${sum}`);
      }
      for (const found of text.matchAll(split)) {
        const [, all = '', unit = '', many = '', large = '', few = '', small = ''] = found;
        if (unit !== small) continue;
        const at = text.indexOf(`${many} ${large}`, found.index + all.length);
        yield* inTwoUnits(number, at, { all: Number(all), many: Number(many), large, few: Number(few), small });
      }
      for (const found of text.matchAll(whichIs)) {
        const [, all = '', many = '', large = '', few = '', small = ''] = found;
        const at = text.indexOf(`${many} ${large}`, found.index + found[0].indexOf('which is'));
        yield* inTwoUnits(number, at, { all: Number(all), many: Number(many), large, few: Number(few), small });
      }
      for (const found of text.matchAll(oneIs)) {
        const [, large = '', size = '', small = ''] = found;
        const factor = factorOf(large, small);
        // `He works 8 hours a day`: the question may have units of its own.
        const given = new RegExp(`\\b${size}[ -]${small}`, 'i').test(question);
        if (factor !== undefined && !given) yield judge(found, factor, size, `one ${large} is ${factor} ${small}s`);
      }
    }
  },
});

function* inTwoUnits(
  line: number,
  at: number,
  amount: { all: number; many: number; large: string; few: number; small: string },
): Generator<Statement> {
  const factor = factorOf(amount.large, amount.small);
  if (factor === undefined) return;
  const written = `${amount.many} ${amount.large}s and ${amount.few} ${amount.small}s`;
  const sum = amount.many * factor + amount.few;
  const parts = [counted(Math.floor(amount.all / factor), amount.large), counted(amount.all % factor, amount.small)];
  const repair = { at, text: parts.join(' and ') };
  if (sum !== amount.all) yield wrong(line, String(amount.few), `${written} are ${sum} ${amount.small}s`, repair);
  else if (amount.few >= factor)
    yield wrong(line, String(amount.few), `${amount.few} ${amount.small}s are more than one ${amount.large}`, repair);
  else yield right(line);
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
