import { exactValue } from '../evaluator/exact-arithmetic.ts';
import { limitBehind } from './limits.ts';
import type { NormalAnswer } from './normal-answer.ts';
import { currencies, withPowers } from './notation.ts';
import { isMeasure, isPlainUnit, measureOf, unitName } from './units.ts';

const ones =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const tens = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const scales: Readonly<Record<string, number>> = {
  hundred: 100,
  thousand: 1000,
  million: 1_000_000,
  billion: 1_000_000_000,
  trillion: 1_000_000_000_000,
};
const parts = ['half', 'third', 'quarter', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth'];
const ordinal = /^(?:first|second|\w+th|third)\b/;

/** A number written in words at the text's start, as an expression, with what follows: `thirty-one apples`, `two thirds`. */
export function readNumberWords(text: string): { value: string; rest: string; isPart: boolean } | undefined {
  const words = text.toLowerCase().split(/[\s-]+/);
  if (words[0] === 'half') return { value: '1/2', rest: words.slice(1).join(' '), isPart: true };
  if (/^an?$/.test(words[0] ?? '') && isCounted(words[1])) words[0] = 'one';
  const whole = wholeNumber(words);
  if (whole === undefined) return undefined;
  const { value, length } = whole;
  const dividing = part(words[length], value === 1);
  if (dividing !== undefined) {
    return { value: `${value}/${dividing}`, rest: words.slice(length + 1).join(' '), isPart: true };
  }
  const added =
    words[length] === 'and' && /^an?$/.test(words[length + 1] ?? '') ? part(words[length + 2], true) : undefined;
  if (added !== undefined) {
    return { value: `${value} + 1/${added}`, rest: words.slice(length + 3).join(' '), isPart: false };
  }
  if (ordinal.test(words[length] ?? '')) return undefined;
  return { value: String(value), rest: words.slice(length).join(' '), isPart: false };
}

function isCounted(word = ''): boolean {
  return word in scales || word === 'dozen' || word === 'half' || part(word, true) !== undefined;
}

/** The 3 of `third` and, of several, `thirds`. */
function part(word = '', single: boolean): number | undefined {
  const name = single ? word : word === 'halves' ? 'half' : /s$/.test(word) ? word.slice(0, -1) : '';
  if (name === 'fourth') return 4;
  const index = parts.indexOf(name);
  return index < 0 ? undefined : index + 2;
}

function wholeNumber(words: readonly string[]): { value: number; length: number } | undefined {
  let total = 0;
  let group = 0;
  let length = 0;
  let ceiling = Number.POSITIVE_INFINITY;
  /** What may still be added to the group is below this. */
  let room = 100;
  for (const [at, word] of words.entries()) {
    const one = ones.indexOf(word);
    const ten = tens.indexOf(word);
    const scale = scales[word] ?? 0;
    if (one >= 0 && one < room && (one > 0 || at === 0)) {
      group += one;
      room = 0;
    } else if (ten >= 0 && room === 100) {
      group += (ten + 2) * 10;
      room = 10;
    } else if (scale === 100 && group > 0 && group < 100) {
      group *= 100;
      room = 100;
    } else if (scale > 100 && scale < ceiling && group > 0) {
      total += group * scale;
      ceiling = scale;
      group = 0;
      room = 100;
    } else if (!(word === 'and' && at > 0 && room === 100 && isSmall(words[at + 1]))) break;
    length = at + 1;
  }
  return length === 0 ? undefined : { value: total + group, length };
}

function isSmall(word = ''): boolean {
  return ones.indexOf(word) > 0 || tens.includes(word);
}

/** A word that is a number's. */
export function isNumberWord(word: string): boolean {
  return ones.includes(word) || tens.includes(word) || word in scales;
}

const multipliers: Readonly<Record<string, number>> = { ...scales, dozen: 12 };
export const multiplierWords = Object.keys(multipliers).join('|');
const multiplier = new RegExp(String.raw`^\s+(${multiplierWords})s?\b`, 'i');
const moneyLetters: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, mn: 1e6, b: 1e9, bn: 1e9 };

const digits = String.raw`(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])|\d{1,3}(?: \d{3})+(?:\.\d+)?(?![\d/])|\d+(?:\.\d+)?|\.\d+)`;
const start = new RegExp(
  String.raw`^(${digits})(?:e([+-]?\d{1,2})(?![\d\p{L}])|(?: ?[×x*·] ?10)?\^[({]?(-?\d{1,2})[)}]?(?!\d)|(?:\s+and)?\s+(\d+/\d+)(?!\d)|\s*/\s*(\d+)(?!\d))?`,
  'iu',
);

/** One number with its unit: digits or words, grouped, a fraction, a power of ten, money, `3 million`, `2 hours 30 minutes`. */
export function readNumber(written: string): NormalAnswer | undefined {
  // No amount is that long; patterns for runs of spaces would take their time.
  if (written.length > longest) return undefined;
  const text = tidy(written);
  const signed = /^(?:(-|minus |negative )|\+)?\s*(.+)$/i.exec(text);
  const [, minus, amount = ''] = signed ?? [];
  const read = readCompound(amount) ?? readAmount(amount);
  if (read === undefined) return undefined;
  const value = exactValue(minus === undefined ? read.value : `-(${read.value})`);
  if (value === undefined) return undefined;
  return { kind: 'number', key: value.toFraction(), ...(read.unit === undefined ? {} : { unit: read.unit }) };
}

const longest = 120;
const fractionSigns = '½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞';

/** Signs of which there are several, each as one. */
function tidy(text: string): string {
  return withPowers(text)
    .replace(/[\u00a0\u2009\u202f]/g, ' ')
    .replace(/^[−–](?=\s*[\d.$€£¥¼-¾⅐-⅞])/u, '-')
    .replace(/(\^[({]?|e|[$€£¥])−/gi, '$1-')
    .replace(new RegExp(`(\\d?)\\s*([${fractionSigns}])`, 'gu'), (_, digit: string, sign: string) => {
      const fraction = sign.normalize('NFKC').replace('⁄', '/');
      return digit === '' ? fraction : `${digit} ${fraction}`;
    });
}

type Amount = { value: string; unit?: string | undefined };

function readAmount(text: string): Amount | undefined {
  const before = /^(?:US)?([$€£¥])\s*(-)?/.exec(text);
  const plain = text.slice(before?.[0].length ?? 0);
  const found = readDigits(plain) ?? readWords(plain);
  if (found === undefined) return undefined;
  const value = before?.[2] === undefined ? found.value : `-(${found.value})`;
  const sign = currencies.get(before?.[1] ?? '');
  const scaled = readMultiplier(found.rest, sign !== undefined);
  const unit = readUnit(scaled.rest, sign);
  if (unit === undefined) return undefined;
  return { value: scaled.by === 1 ? value : `(${value}) * ${scaled.by}`, unit: unit.name };
}

function readDigits(text: string): { value: string; rest: string } | undefined {
  const match = start.exec(text);
  if (match === null) return undefined;
  const [all, plain = '', exponent, power, fraction, denominator] = match;
  const whole = plain.replaceAll(/[, ]/g, '');
  const rest = text.slice(all.length);
  if (exponent !== undefined) return { value: `${whole} * 10^(${Number(exponent)})`, rest };
  if (power !== undefined) {
    const base = /[×x*·] ?10\^/i.test(all) ? `${whole} * 10` : whole;
    return { value: `${base}^(${Number(power)})`, rest };
  }
  const halves = / and (?:an? )(half|quarter|third)\b/i.exec(rest);
  if (halves?.index === 0) {
    const added = { half: '1/2', quarter: '1/4', third: '1/3' }[halves[1]?.toLowerCase() ?? ''];
    return { value: `${whole} + ${added}`, rest: rest.slice(halves[0].length) };
  }
  if (fraction !== undefined) return { value: `${whole} + ${fraction}`, rest };
  return { value: denominator === undefined ? whole : `${whole}/${denominator}`, rest };
}

/** A number in words may begin a name or a sentence: what follows has to be a plain unit. */
function readWords(text: string): { value: string; rest: string } | undefined {
  const read = readNumberWords(text);
  if (read === undefined) return undefined;
  const unit = read.rest
    .split(' ')
    .filter((word) => !(word in multipliers))
    .join(' ');
  const isWhole = unit === '' || (read.isPart && unit.startsWith('of '));
  const isNamed = /^\p{L}+(?: \p{L}+){0,2}$/u.test(unit) && isPlainUnit(unit);
  const holds = isWhole || (isNamed && (!read.isPart || isMeasure(unitName(unit) ?? '')));
  return holds ? { value: read.value, rest: read.rest === '' ? '' : ` ${read.rest}` } : undefined;
}

function readMultiplier(rest: string, isMoney: boolean): { by: number; rest: string } {
  const word = multiplier.exec(rest);
  const letter = word === null ? /^( ?)([kmb]n?)(?![\p{L}\d/])/iu.exec(rest) : null;
  if (word !== null) {
    return { by: multipliers[word[1]?.toLowerCase() ?? ''] ?? 1, rest: rest.slice(word[0].length) };
  }
  const by = moneyLetters[letter?.[2]?.toLowerCase() ?? ''];
  const isThousand = letter?.[1] === '' && letter[2] === 'k';
  return letter !== null && by !== undefined && (isMoney || isThousand)
    ? { by, rest: rest.slice(letter[0].length) }
    : { by: 1, rest };
}

/** `{}` for no unit; undefined where what follows the number is none, so that the number isn't all that was said. */
function readUnit(rest: string, money: string | undefined): { name?: string | undefined } | undefined {
  const match = /^\s*([%$€£¥¢°])?\s*-?\s*([\p{L}][\p{L}\d ²³^/.'’-]{0,60})?$/u.exec(rest);
  if (match === null || limitBehind(rest) !== undefined) return undefined;
  const [, sign, words = ''] = match;
  const inner = words.toLowerCase().split(/[\s-]+/);
  // `5 to ten`, `5 or six`, `5 R 2` are no one number; nor is `5x`; `17 is a prime number` is a sentence.
  if (
    /^(?:to|or|and|but|plus|minus|x|r|remainder|by|is|are|was|were|has|have|had)$/.test(inner[0] ?? '') ||
    inner.some(isNumberWord)
  )
    return undefined;
  if (/\d/.test(words.replace(/\^[23]/g, ''))) return undefined;
  const name = unitName(sign === '°' || sign === '¢' ? `${sign}${words === '' ? '' : ` ${words}`}` : words);
  const coin = money ?? currencies.get(sign ?? '');
  if (coin !== undefined) {
    const per = / per .+$/.exec(` ${name ?? ''}`)?.[0] ?? '';
    return { name: `${coin}${per}` };
  }
  if (sign === '%' || name?.startsWith('% ') || /^percent\b/.test(name ?? '')) return { name: '%' };
  return { name };
}

/** `2 hours 30 minutes`, `5 feet, 6 inches`, `2 dollars and 50 cents`: in the first unit. */
function readCompound(text: string): Amount | undefined {
  const parts = text.split(/,?\s+and\s+(?!an?\s|\d+\/\d)|,\s+|(?<=\p{L}\.?)\s+(?=\d)|(?<=[a-z])(?=\d)/u);
  if (parts.length < 2 || parts.length > 5) return undefined;
  const amounts: Array<{ value: string; unit: string; kind: number; factor: number }> = [];
  for (const written of parts) {
    const first = amounts[0];
    const read = readAmount(written);
    const unit = first?.unit === 'hour' && read?.unit === 'm' ? 'minute' : read?.unit;
    const measure = unit === undefined ? undefined : measureOf(unit);
    if (read === undefined || unit === undefined || measure === undefined) return undefined;
    const last = amounts.at(-1);
    if (last !== undefined && (measure.kind !== last.kind || measure.factor >= last.factor)) return undefined;
    amounts.push({ value: read.value, unit, ...measure });
  }
  const [first] = amounts;
  if (first === undefined) return undefined;
  const sum = amounts.map(({ value, factor }) => `(${value}) * ${factor} / ${first.factor}`).join(' + ');
  return { value: sum, unit: first.unit };
}
