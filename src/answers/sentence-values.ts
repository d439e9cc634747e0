import { monthPattern } from './dates.ts';
import type { NormalAnswer } from './normal-answer.ts';
import { normalise } from './normalise.ts';
import { isNumberWord, multiplierWords } from './numbers.ts';
import { isMeasure } from './units.ts';

/** A number of a sentence; no value where it is part of something that is no number (`5 R 2`, `1/2/2024`, `6 × 7`, `5–10`). */
type SentenceValue = { value: NormalAnswer | undefined; at: number; end: number };

const number = new RegExp(
  String.raw`(?<![\p{L}\d.,/:^]|\p{L}[-–])(?:(?:minus|negative|${monthPattern})\.? )?(?:(?<![\d)]\s*)[-−–+])?(?:US)?[$€£¥]?[-−]?(?:\d|\.\d|[¼-¾⅐-⅞])`,
  'giu',
);
/** Far more than the longest amount in words (`2 hours, 30 minutes and 15 seconds`) needs. */
const longest = 60;
const mostWords = 10;
const nearLine = 200;

/** The numbers of a text's last line that has any, in order, with the units of measure behind them. */
export function sentenceValues(text: string): SentenceValue[] {
  const line = text.split('\n').findLast((one) => /[\d¼-¾⅐-⅞]/.test(one)) ?? '';
  const end = [...line].findLastIndex((sign) => /[\d¼-¾⅐-⅞]/.test(sign)) + 20;
  const near = line.length <= nearLine ? line : line.slice(Math.max(0, end - nearLine), end).replace(/^\S*\s/, '');
  const found: SentenceValue[] = [];
  for (const match of near.matchAll(number)) {
    if (match.index < (found.at(-1)?.end ?? 0)) continue;
    found.push(readAt(near, match.index));
  }
  return found;
}

/** The only number of a short text that is written in words: `A spider has eight legs.` A lone `one` may stand for a thing. */
export function numberInWords(text: string): NormalAnswer | undefined {
  if (text.length > nearLine) return undefined;
  const [written = '', ...others] = text
    .toLowerCase()
    .split(/[^\p{L}\s-]+/u)
    .flatMap((part) => runsOfNumberWords(part.split(/[\s-]+/)));
  if (others.length > 0 || written === 'one') return undefined;
  const value = normalise(written);
  return value.kind === 'number' ? value : undefined;
}

function runsOfNumberWords(words: readonly string[]): string[] {
  const marked = words.map((word) => (isNumberWord(word) ? word : '|')).join(' ');
  return marked
    .split('|')
    .map((run) => run.trim())
    .filter((run) => run !== '');
}

function readAt(line: string, at: number): SentenceValue {
  const rest = line.slice(at, at + longest);
  const ends = [...rest.matchAll(/(?<=[\p{L}\d%$€£¥°¢¼-¾⅐-⅞²³)}])(?![\p{L}\d%$€£¥°¢¼-¾⅐-⅞²³)}])/gu)].map(
    (end) => end.index,
  );
  for (const end of ends.slice(0, mostWords).reverse()) {
    const value = normalise(rest.slice(0, end));
    const isOne =
      value.kind === 'time' ||
      value.kind === 'date' ||
      (value.kind === 'number' && (value.unit === undefined ? isBare(rest.slice(0, end)) : isMeasure(value.unit)));
    if (!isOne) continue;
    return { value: isWhole(line, at, at + end) ? value : undefined, at, end: at + end };
  }
  const whole = /^[^\s,;]+/.exec(rest)?.[0].length ?? 1;
  return { value: ordinal(rest), at, end: at + whole };
}

const multiplierAtEnd = new RegExp(String.raw`\b(?:${multiplierWords})$`, 'i');

/** No words behind the number, which `12 left` has. */
function isBare(written: string): boolean {
  return !/\d[^\p{L}]*\s\p{Ll}/u.test(written) || multiplierAtEnd.test(written);
}

function ordinal(rest: string): NormalAnswer | undefined {
  const digits = /^(\d+)(?:st|nd|rd|th)\b/i.exec(rest)?.[1];
  return digits === undefined ? undefined : normalise(digits);
}

const before =
  /(?:[+×*·÷/^]|[\d)]\s*[-−–]|(?<!from |[\d.,])\d\S* (?:to|or)|\d,? (?:with )?(?:an? )?(?:r|remainder)(?: of)?)\s*$/i;
const after =
  /^(?:\s*(?:[+×*·÷^]|[-−–/:]\s*\d|\/\s*\S|R ?\d|remainder\b|with (?:a )?remainder\b|(?:to|or) \d)|\s[-−–] \d|[\p{L}\d'’_]|[.,]\d|-\p{L}*\d)/iu;

function isWhole(line: string, at: number, end: number): boolean {
  return !before.test(line.slice(Math.max(0, at - 40), at)) && !after.test(line.slice(end, end + 40));
}
