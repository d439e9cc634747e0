import { conclusionOf } from '../answer-value.ts';
import type { Repair } from './check.ts';
import { defineLineCheck, inPlaceOf, right, type Statement, wrong } from './line-check.ts';
import { isDoubted, numberEnd } from './number-end.ts';
import type { ThoughtLine } from './thought-lines.ts';

const amount = String.raw`([-−–]?[$€£]?\d[\d,]*(?:\.\d+)?%?)`;
/** A number that ends or begins a sum, or what words make of it, is not what is compared: `7 + 8 is more than 12`. */
const alone = String.raw`(?<![\w.,:$€£^√(]|[-−–]|[\w)%]\s*[-+*/×x÷·^−–=]\s*|\d,?\s+|\d \w+,?\s+|\b(?:and|of|plus|minus|negative|times|than|by|from|half|twice|double|triple|square|cube|root|version|rank|ranking|priority|grade|place|position|tier|class|magnitude)\s)(?!(?<=(?:\b[A-Za-z]|\))\s*)[-−–])`;
/** Whole as well, not the `2` of `20 + 5`. */
const whole = String.raw`(?![\d,.]*%)${numberEnd}(?!\s\w+,?\s(?:and\s(?:a|an|half|\d)|\d))`;
const inWords = new RegExp(
  `${alone}${amount}(?: (\\w+))? is (not )?(greater|larger|bigger|more|higher|less|smaller|lower|fewer) than ${amount}${whole}(?=(?: (\\w+))?)`,
  'gi',
);
const inSigns = new RegExp(
  `(?<![\\d+*/×÷=.)}<>≤≥|-]\\s*|[})|]\\s*[-−+]\\s*)${alone}${amount}\\s*([<>])\\s*${amount}${whole}(?!\\s*[=(→⇒✗-])(?=(?: (\\w+))?)`,
  'g',
);
/** What may stand behind a number and is no unit. */
const isNoUnit = /^(?:so|because|since|as|but|and|then|therefore|thus|which|that|we|i|is)$/i;
const upwards = /greater|larger|bigger|more|higher|>/i;

/** Orders in which `3.10` is more than `3.9`, or −5 larger than 3. */
const isOtherOrder = /\bversions?\b|\babsolute\b|\bmagnitudes?\b/i;

/** Numbers compared in words or signs, and the conclusion against the comparison where the question asks for one of two. */
export const comparison = defineLineCheck({
  name: 'comparison',
  description: 'Numbers that a line compares (`40 is less than 90`, `3 < 5`) do compare so.',
  *statements({ lines, question }) {
    let last: { smaller: string; larger: string } | undefined;
    for (const { number, text } of lines) {
      if (isDoubted(text) || isOtherOrder.test(text) || isOtherOrder.test(question)) continue;
      for (const found of comparisons(text)) {
        const holds = found.up ? found.a > found.b : found.a < found.b;
        if (holds === found.negated) {
          yield wrong(
            number,
            found.word,
            `${found.left} is ${found.negated ? '' : 'not '}${found.word} than ${found.right}`,
            opposite(found, text),
          );
          return;
        }
        yield right(number);
        if (!found.negated)
          last = found.up ? { smaller: found.right, larger: found.left } : { smaller: found.left, larger: found.right };
      }
      const concluded = conclusionOf(text);
      if (concluded !== undefined && last !== undefined) yield* conclusion({ number, text }, concluded, last, question);
    }
  },
});

type Compared = {
  left: string;
  right: string;
  a: number;
  b: number;
  up: boolean;
  negated: boolean;
  inSigns: boolean;
  word: string;
  /** Where it begins. */
  at: number;
};

const opposites: Readonly<Record<string, string>> = {
  greater: 'less',
  larger: 'smaller',
  bigger: 'smaller',
  more: 'less',
  higher: 'lower',
  less: 'greater',
  smaller: 'larger',
  lower: 'higher',
  fewer: 'more',
};

/** Undefined where the two are equal, or the line uses signs or a negation. */
function opposite({ a, b, word, negated, inSigns, at }: Compared, text: string): Repair | undefined {
  return a === b || negated || inSigns ? undefined : inPlaceOf(word, text, opposites[word], at);
}

function comparisons(text: string): Compared[] {
  const words = [...text.matchAll(inWords)].map(
    ({ index: at, 1: left = '', 2: unit, 3: not, 4: word = '', 5: other = '', 6: otherUnit }) => ({
      ...{ at, left, unit, other, otherUnit, word, not },
    }),
  );
  const signs = [...text.matchAll(inSigns)].map(
    ({ index: at, 1: left = '', 2: word = '', 3: other = '', 4: otherUnit }) => ({
      ...{ at, left, unit: undefined, other, otherUnit, word, not: undefined },
    }),
  );
  return [...words, ...signs]
    .filter(({ left, unit, other, otherUnit }) => isSameUnit(left, unit, other, otherUnit))
    .filter(({ left, other }) => isPlain(left, other) && isPlain(other, left))
    .map(({ at, left, other, word, not }) => ({
      at,
      left,
      right: other,
      a: numberOf(left),
      b: numberOf(other),
      up: upwards.test(word),
      negated: not !== undefined,
      inSigns: word === '<' || word === '>',
      word: word === '<' ? 'less' : word === '>' ? 'greater' : word.toLowerCase(),
    }));
}

/** Not so: `45 minutes is less than 1 hour`, `$1 is more than 50 cents`, `3 quarters is less than 1`. */
function isSameUnit(left: string, unit: string | undefined, right: string, otherUnit: string | undefined): boolean {
  const name = (word: string | undefined): string =>
    word === undefined || isNoUnit.test(word) ? '' : word.toLowerCase().replace(/s$/, '');
  const sign = (number: string): string => number.replace(/[^$€£%]/g, '');
  return name(unit) === name(otherUnit) && sign(left) === sign(right);
}

/** Written so that it can be read in one way: `1,25`, and `1.200` beside whole numbers, may have the other decimal sign. */
function isPlain(number: string, other: string): boolean {
  const [whole = '', decimals = ''] = number
    .replace(/[^\d.,]/g, '')
    .replace(/,$/, '')
    .split('.');
  if (!/^\d+$|^\d{1,3}(,\d{3})+$/.test(whole)) return false;
  return decimals.length !== 3 || whole === '0' || whole.length > 3 || other.includes('.');
}

function numberOf(text: string): number {
  return Number(text.replace(/[$€£,%]/g, '').replace(/[−–]/, '-'));
}

/** The question asks for the smaller or the larger, and the thought has just compared the two: the conclusion follows. */
function* conclusion(
  line: ThoughtLine,
  concluded: string,
  last: { smaller: string; larger: string },
  question: string,
): Generator<Statement> {
  const wantsLarger = /\b(larger|greater|bigger|higher)\b/i.test(question);
  const wantsSmaller = /\b(smaller|lower|less)\b/i.test(question);
  const asksOfTwo =
    [last.smaller, last.larger].every((one) => question.includes(one)) && /^(which|what|is)\b/i.test(question);
  if (!asksOfTwo || wantsLarger === wantsSmaller) return;
  const wanted = wantsLarger ? last.larger : last.smaller;
  if (concluded === wanted) yield right(line.number);
  else if (concluded === last.larger || concluded === last.smaller) {
    const detail = `the question asks for the ${wantsLarger ? 'larger' : 'smaller'} one, ${wanted}`;
    yield wrong(line.number, concluded, detail, inPlaceOf(concluded, line.text, wanted));
  }
}
