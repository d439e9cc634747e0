import { conclusionOf } from '../answer-value.ts';
import { defineLineCheck, right, type Statement, wrong } from './line-check.ts';

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
          );
          return;
        }
        yield right(number);
        if (!found.negated)
          last = found.up ? { smaller: found.right, larger: found.left } : { smaller: found.left, larger: found.right };
      }
      const concluded = conclusionOf(text);
      if (concluded !== undefined && last !== undefined) yield* conclusion(number, concluded, last, question);
    }
  },
});

type Compared = { left: string; right: string; a: number; b: number; up: boolean; negated: boolean; word: string };

function comparisons(text: string): Compared[] {
  const words = [...text.matchAll(inWords)].map(([, left = '', not, word = '', other = '']) => ({
    left,
    other,
    word,
    not,
  }));
  const signs = [...text.matchAll(inSigns)].map(([, left = '', word = '', other = '']) => ({
    left,
    other,
    word,
    not: undefined,
  }));
  return [...words, ...signs].map(({ left, other, word, not }) => ({
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
  line: number,
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
  if (concluded === wanted) yield right(line);
  else if (concluded === last.larger || concluded === last.smaller) {
    yield wrong(line, concluded, `the question asks for the ${wantsLarger ? 'larger' : 'smaller'} one, ${wanted}`);
  }
}
