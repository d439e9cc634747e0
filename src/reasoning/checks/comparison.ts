import { conclusionOf } from '../answer-value.ts';
import type { Repair } from './check.ts';
import { defineLineCheck, inPlaceOf, right, type Statement, wrong } from './line-check.ts';
import type { ThoughtLine } from './thought-lines.ts';

const amount = String.raw`(-?[$€£]?\d[\d,]*(?:\.\d+)?%?)`;
/** A number that ends or begins a sum, or what words make of it, is not what is compared: `7 + 8 is more than 12`. */
const alone = String.raw`(?<![\d.,]|[\d)]\s*[-+*/×x÷^−–]\s*|\b(?:of|and|plus|minus|times|by|half|twice|double|triple)\s)`;
const whole = String.raw`(?![\d,.]*\d|%|\s*[+*/×÷^]|\s*[-x−–]\s*\d|\s(?:dozen|hundred|thousand|million|billion|percent|times)\b)`;
const inWords = new RegExp(
  `${alone}${amount}(?: (\\w+))? is (not )?(greater|larger|bigger|more|higher|less|smaller|lower|fewer) than ${amount}${whole}(?=(?: (\\w+))?)`,
  'gi',
);
const inSigns = new RegExp(`(?<![\\d+*/×÷=.)-]\\s*)${amount}\\s*([<>])\\s*${amount}(?!\\s*[+*/×÷=(-])`, 'g');
const upwards = /greater|larger|bigger|more|higher|>/i;

/** Numbers compared in words or signs, and the conclusion against the comparison where the question asks for one of two. */
export const comparison = defineLineCheck({
  name: 'comparison',
  description: 'Numbers that a line compares (`40 is less than 90`, `3 < 5`) do compare so.',
  *statements({ lines, question }) {
    let last: { smaller: string; larger: string } | undefined;
    for (const { number, text } of lines) {
      if (/\b(if|whether)\b|\?/i.test(text)) continue;
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
  const words = [...text.matchAll(inWords)].flatMap((match) => {
    const { index: at, 1: left = '', 2: unit, 3: not, 4: word = '', 5: other = '', 6: otherUnit } = match;
    return isSameUnit(unit, otherUnit) ? [{ at, left, other, word, not }] : [];
  });
  const signs = [...text.matchAll(inSigns)].map(({ index: at, 1: left = '', 2: word = '', 3: other = '' }) => ({
    at,
    left,
    other,
    word,
    not: undefined,
  }));
  return [...words, ...signs]
    .filter(({ left, other }) => left.endsWith('%') === other.endsWith('%'))
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

/** `45 minutes is less than 1 hour`; a number without its unit has the other's. */
function isSameUnit(one: string | undefined, other: string | undefined): boolean {
  const name = (unit: string): string => unit.toLowerCase().replace(/s$/, '');
  return one === undefined || other === undefined || name(one) === name(other);
}

function numberOf(text: string): number {
  return Number(text.replace(/[$€£,%]/g, ''));
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
