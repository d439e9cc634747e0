import { conclusionOf } from '../answer-value.ts';
import type { Repair } from './check.ts';
import { defineLineCheck, inPlaceOf, right, type Statement, wrong } from './line-check.ts';
import type { ThoughtLine } from './thought-lines.ts';

const amount = String.raw`(-?[$€£]?\d[\d,]*(?:\.\d+)?%?)`;
const inWords = new RegExp(
  `${amount}(?: \\w+)? is (not )?(greater|larger|bigger|more|higher|less|smaller|lower|fewer) than ${amount}`,
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
function opposite({ a, b, word, negated, at }: Compared, text: string): Repair | undefined {
  return a === b || negated ? undefined : inPlaceOf(word, text, opposites[word], at);
}

function comparisons(text: string): Compared[] {
  const words = [...text.matchAll(inWords)].map(({ index: at, 1: left = '', 2: not, 3: word = '', 4: other = '' }) => ({
    at,
    left,
    other,
    word,
    not,
  }));
  const signs = [...text.matchAll(inSigns)].map(({ index: at, 1: left = '', 2: word = '', 3: other = '' }) => ({
    at,
    left,
    other,
    word,
    not: undefined,
  }));
  return [...words, ...signs].map(({ at, left, other, word, not }) => ({
    at,
    left,
    right: other,
    a: numberOf(left),
    b: numberOf(other),
    up: upwards.test(word),
    negated: not !== undefined,
    word: word === '<' ? 'less' : word === '>' ? 'greater' : word.toLowerCase(),
  }));
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
