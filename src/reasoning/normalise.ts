import { exactValue } from './checks/exact-arithmetic.ts';
import type { NormalAnswer } from './normal-answer.ts';
import { readDate, readTime } from './normalise-dates.ts';

/** Normalises one answer: numbers, fractions, money, units, percent, dates, times, yes and no, choices, lists, JSON; otherwise text. */
export function normalise(written: string): NormalAnswer {
  const text = bare(written);
  return (
    readTruth(text) ??
    readTime(text) ??
    readDate(text) ??
    readNumber(text) ??
    readChoice(text) ??
    readJson(text) ??
    readList(text) ?? { kind: 'text', key: plainText(text) }
  );
}

export function sameAnswer(a: NormalAnswer, b: NormalAnswer): boolean {
  if (a.kind !== b.kind || a.key !== b.key) return false;
  const plain = (unit: string): string => unit.replace(/ie$/, 'y');
  return a.unit === undefined || b.unit === undefined || plain(a.unit) === plain(b.unit);
}

/** As the trace and the tally show it. */
export function showAnswer(answer: NormalAnswer): string {
  return answer.unit === undefined ? answer.key : `${answer.key} ${answer.unit}`;
}

/** Without markup, quotes, and the sentence's end. */
function bare(text: string): string {
  const unmarked = text
    .trim()
    .replace(/^\$\$?([\s\S]*?)\$\$?$/, '$1')
    .replace(/\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}/g, '$1/$2')
    .replace(/\\boxed\{([^{}]*)\}/g, '$1')
    .replace(/\\text\{([^{}]*)\}/g, '$1')
    .replace(/(\d)(?:\*\*|\s\*\*\s)(?=\d)/g, '$1^')
    .replace(/\*\*|`|\\[()[\]$]/g, '');
  const unquoted = withoutEnd(unmarked, /[.!\s]/).replace(/^["'“”‘’]+/, '');
  return withoutEnd(withoutEnd(unquoted, /["'“”‘’]/), /[.!\s]/).trim();
}

/** From the end, character by character: a pattern for a run at the end tries every run before it. */
function withoutEnd(text: string, last: RegExp): string {
  let end = text.length;
  while (end > 0 && last.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

function plainText(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFKC')
    .replace(/^(the|a|an)\s+/, '')
    .replace(/\s+/g, ' ')
    .replace(/[“”]/g, '"')
    .trim();
}

function readTruth(text: string): NormalAnswer | undefined {
  const word = /^(yes|no|true|false)\b(?:[,;:. ]|$)/i.exec(text)?.[1]?.toLowerCase();
  return word !== undefined && text.length <= 40 ? { kind: 'truth', key: word } : undefined;
}

const small =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty'.split(
    ' ',
  );
const currency = new Map([
  ['$', 'dollar'],
  ['€', 'euro'],
  ['£', 'pound'],
  ['¥', 'yen'],
]);
const number =
  /^(-|−)?\s*([$€£¥])?\s*(-|−)?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?:\s+(\d+\/\d+)|\s*\/\s*(\d+))?\s*(%|[$€£¥]|°)?\s*([\p{L}][\p{L} ²³-]{0,30})?$/u;

function readNumber(text: string): NormalAnswer | undefined {
  const word = small.indexOf(text.toLowerCase());
  if (word >= 0) return { kind: 'number', key: String(word) };
  const match = number.exec(text);
  if (match === null) return undefined;
  const [, minus, before, innerMinus, digits = '', fraction, denominator, sign, unit] = match;
  const whole = digits.replaceAll(',', '');
  const written =
    fraction !== undefined ? `${whole} + ${fraction}` : denominator !== undefined ? `${whole}/${denominator}` : whole;
  const value = exactValue(minus !== undefined || innerMinus !== undefined ? `-(${written})` : written);
  if (value === undefined) return undefined;
  const named = unit?.trim().split(/\s+/)[0];
  const money = currency.get(before ?? sign ?? '');
  const found = money ?? (sign === '%' || /^percent$/i.test(named ?? '') ? '%' : (sign ?? singular(named)));
  return { kind: 'number', key: value.toFraction(), ...(found === undefined ? {} : { unit: found }) };
}

/** `cookies` and `cookie` are one unit; so are `hrs` and `hour`. */
function singular(unit: string | undefined): string | undefined {
  if (unit === undefined) return undefined;
  const lower = unit.toLowerCase();
  const short = new Map([
    ['hr', 'hour'],
    ['hrs', 'hour'],
    ['h', 'hour'],
    ['min', 'minute'],
    ['mins', 'minute'],
    ['sec', 'second'],
    ['secs', 'second'],
    ['kilometers', 'km'],
    ['meters', 'm'],
    ['centimeters', 'cm'],
    ['feet', 'foot'],
  ]).get(lower);
  return (
    short ??
    lower
      .replace(/ies$/, 'y')
      .replace(/(ss|x|ch|sh)es$/, '$1')
      .replace(/([^s])s$/, '$1')
  );
}

function readChoice(text: string): NormalAnswer | undefined {
  const letter = /^\(?([A-Za-z])\)?(?:[).:]\s.{0,80})?$/.exec(text)?.[1];
  return letter === undefined ? undefined : { kind: 'choice', key: letter.toLowerCase() };
}

function readJson(text: string): NormalAnswer | undefined {
  if (!/^[{[]/.test(text)) return undefined;
  try {
    return { kind: 'json', key: canonical(JSON.parse(text)) };
  } catch {
    return undefined;
  }
}

/** JSON with sorted keys. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}

/** Items between commas or on lines of their own, in their order. */
function readList(text: string): NormalAnswer | undefined {
  const items = text
    .split(/\n+|,\s+(?:and\s+)?|\s+and\s+/)
    .map((item) => item.replace(/^\s*(?:[-*•]|\d+[.)])\s+/, '').trim())
    .filter((item) => item !== '');
  if (items.length < 2 || items.some((item) => item.split(/\s+/).length > 4)) return undefined;
  const keys = items.map((item) => (/[,\n]/.test(item) ? plainText(item) : showAnswer(normalise(item))));
  return { kind: 'list', key: keys.join(', ') };
}
