import { monthPattern } from './dates.ts';
import { beginsRange, isMeant, type Limit, limitAt } from './limits.ts';
import type { NormalAnswer } from './normal-answer.ts';
import { normalise, sameAnswer, showAnswer } from './normalise.ts';
import { isNumberWord, multiplierWords } from './numbers.ts';
import { isMeasure } from './units.ts';

/**
 * A number of a sentence; no value where it is part of something that is no number (`5 R 2`, `1/2/2024`, `6 × 7`, `5–10`), a text
 * where it is limited (`not 12`, `at least 12`). `beside` is true where another number is the one to read: `13, not 12`, and `8 are
 * less than 20`, asked how many are less than 20.
 */
export type SentenceValue = { value: NormalAnswer | undefined; at: number; end: number; beside: boolean };

const number = new RegExp(
  String.raw`(?<![\p{L}\d.,/:^]|\p{L}[-–])(?:(?:minus|negative|${monthPattern})\.? )?(?:(?<![\d)]\s*)[-−–+])?(?:US)?[$€£¥]?[-−]?(?:\d|\.\d|[¼-¾⅐-⅞])`,
  'giu',
);
/** Far more than the longest amount in words (`2 hours, 30 minutes and 15 seconds`) needs. */
const longest = 60;
const mostWords = 10;
const nearLine = 200;

/** The numbers of a text's last line that has any, in order, with the units of measure behind them. */
export function sentenceValues(text: string, question = ''): SentenceValue[] {
  const line = text.split('\n').findLast((one) => /[\d¼-¾⅐-⅞]/.test(one)) ?? '';
  const end = [...line].findLastIndex((sign) => /[\d¼-¾⅐-⅞]/.test(sign)) + 20;
  const near = line.length <= nearLine ? line : line.slice(Math.max(0, end - nearLine), end).replace(/^\S*\s/, '');
  const found: SentenceValue[] = [];
  for (const match of near.matchAll(number)) {
    if (match.index < (found.at(-1)?.end ?? 0)) continue;
    const read = readAt(near, match.index);
    if (!beginsRange(near, read.at, read.end)) found.push(limited(read, near, question));
  }
  return found.map((one, at) =>
    isAlternative(found[at - 1], one, near) || isAlternative(one, found[at + 1], near)
      ? { ...one, value: undefined }
      : one,
  );
}

type ReadValue = Omit<SentenceValue, 'beside'>;

/** What a number of the line says with the words that limit it. */
function limited({ value, at, end }: ReadValue, line: string, question: string): SentenceValue {
  const written = line.slice(at, end);
  const found = limitAt(line, at, end);
  const beside = found !== undefined && (found.aside || isIn(question, written));
  if (value === undefined || (found !== undefined && isMeant(found.limit, question))) return { value, at, end, beside };
  const isPoint = value.kind === 'time' || value.kind === 'date' || /^[12]\d{3}$/.test(written);
  // After 12 days it is 12 days; after 5 pm or 1969 it is another time.
  const around = isPoint ? /\b(?:not )?(?:before|after|since|until)\s*$/i.exec(line.slice(0, at))?.[0] : undefined;
  if (found === undefined && around === undefined) return { value, at, end, beside };
  return { value: limitedValue(around?.trim().toLowerCase() ?? found?.relation, value), at, end, beside };
}

function limitedValue(relation: string | undefined, value: NormalAnswer): NormalAnswer | undefined {
  return relation === undefined ? undefined : { kind: 'text', key: `${relation} ${showAnswer(value)}` };
}

/** A text has the same number. */
function isIn(text: string, number: string): boolean {
  return numbersOf(text).some((one) => numbersOf(number).includes(one));
}

function numbersOf(text: string): readonly string[] {
  return text.match(/\d+(?:[.,/:]\d+)*/g) ?? [];
}

/** `12 apples or 13 apples`; not two writings of one amount. */
function isAlternative(a: SentenceValue | undefined, b: SentenceValue | undefined, line: string): boolean {
  if (a?.value === undefined || b?.value === undefined) return false;
  return /^(?: \p{L}+){0,3},? or (?:\p{L}+ )?$/iu.test(line.slice(a.end, b.at)) && !sameAnswer(a.value, b.value);
}

/** Some number of a sentence is given, not only limited, or it has none in digits. */
export function givesNumber(text: string, question: string): boolean {
  const values = sentenceValues(text, question);
  return values.length === 0 || values.some(({ value }) => value !== undefined && value.kind !== 'text');
}

/** How a short text limits its numbers, in digits or words; empty where it limits none. */
export function limitsOf(text: string): Limit[] {
  return numberWordsAt(text).flatMap(({ at, end }) => limitAt(text, at, end)?.limit ?? []);
}

function numberWordsAt(text: string): Array<{ at: number; end: number }> {
  return [...text.matchAll(/\d+(?:[.,/:]\d+)*|\p{L}+/gu)]
    .filter(([word]) => /\d/.test(word) || isNumberWord(word.toLowerCase()))
    .map(({ 0: word, index }) => ({ at: index, end: index + word.length }));
}

/** The only number of a short text that is written in words: `A spider has eight legs.` A lone `one` may stand for a thing. */
export function numberInWords(text: string, question: string): NormalAnswer | undefined {
  if (text.length > nearLine) return undefined;
  const [written = '', ...others] = text
    .toLowerCase()
    .split(/[^\p{L}\s-]+/u)
    .flatMap((part) => runsOfNumberWords(part.split(/[\s-]+/)));
  if (others.length > 0 || written === 'one') return undefined;
  const value = normalise(written);
  if (value.kind !== 'number') return undefined;
  const words = numberWordsAt(text);
  const found = limitAt(text, words[0]?.at ?? 0, words.at(-1)?.end ?? 0);
  if (found === undefined || isMeant(found.limit, question)) return value;
  return limitedValue(found.relation, value);
}

function runsOfNumberWords(words: readonly string[]): string[] {
  const marked = words.map((word) => (isNumberWord(word) ? word : '|')).join(' ');
  return marked
    .split('|')
    .map((run) => run.trim())
    .filter((run) => run !== '');
}

function readAt(line: string, at: number): ReadValue {
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
