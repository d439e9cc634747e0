import { exactValue } from '../evaluator/exact-arithmetic.ts';
import type { NormalAnswer } from './normal-answer.ts';
import { isNumberWord, readNumberWords, scales } from './number-words.ts';
import { isMeasure, isPlainUnit, measureOf, unitName } from './units.ts';

const currency = new Map([
  ['$', 'dollar'],
  ['€', 'euro'],
  ['£', 'pound'],
  ['¥', 'yen'],
]);
const multipliers: Readonly<Record<string, number>> = { ...scales, dozen: 12 };
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
const raised = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** Signs of which there are several, each as one. */
function tidy(text: string): string {
  return text
    .replace(/[\u00a0\u2009\u202f]/g, ' ')
    .replace(/^[−–](?=\s*[\d.$€£¥¼-¾⅐-⅞])/u, '-')
    .replace(/(\^[({]?|e|[$€£¥])−/gi, '$1-')
    .replace(/(\d)(⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)/gu, (_, digit: string, power: string) => `${digit}^${plainPower(power)}`)
    .replace(new RegExp(`(\\d?)\\s*([${fractionSigns}])`, 'gu'), (_, digit: string, sign: string) => {
      const fraction = sign.normalize('NFKC').replace('⁄', '/');
      return digit === '' ? fraction : `${digit} ${fraction}`;
    });
}

function plainPower(power: string): string {
  return [...power].map((sign) => (sign === '⁻' ? '-' : String(raised.indexOf(sign)))).join('');
}

type Amount = { value: string; unit?: string | undefined };

function readAmount(text: string): Amount | undefined {
  const before = /^(?:US)?([$€£¥])\s*(-)?/.exec(text);
  const plain = text.slice(before?.[0].length ?? 0);
  const found = readDigits(plain) ?? readWords(plain);
  if (found === undefined) return undefined;
  const value = before?.[2] === undefined ? found.value : `-(${found.value})`;
  const sign = currency.get(before?.[1] ?? '');
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
  const word = /^\s+(hundred|thousand|million|billion|trillion|dozen)s?\b/i.exec(rest);
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
  if (match === null) return undefined;
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
  const coin = money ?? currency.get(sign ?? '');
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
